from . import test_bad_input
from . import test_errors
from . import test_http
from . import test_identity
from . import test_life_of_an_app
from . import test_security
from . import test_servers
from . import test_transactions
