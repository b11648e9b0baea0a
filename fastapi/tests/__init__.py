from . import test_demo_router
