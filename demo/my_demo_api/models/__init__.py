from . import fastapi_endpoint
from . import my_demo_bank_accounts
from . import my_demo_service
