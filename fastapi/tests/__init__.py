from . import test_demo_router
from . import test_import
