from . import my_demo_app
from . import my_demo_bank_accounts
from . import my_demo_service
