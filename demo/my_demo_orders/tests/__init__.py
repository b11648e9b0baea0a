from . import test_orders
from . import test_orders_http
