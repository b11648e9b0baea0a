from . import test_access
from . import test_bank_accounts
from . import test_endpoint
from . import test_error_handlers
from . import test_http
from . import test_migration
from . import test_routers
