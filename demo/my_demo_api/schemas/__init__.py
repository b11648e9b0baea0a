from .bank_account import Bank, BankAccount, NewBankAccount
from .echo_response import EchoResponse
from .endpoint_app_info import EndpointAppInfo
from .error_info import ErrorInfo
from .partner_info import PartnerInfo
