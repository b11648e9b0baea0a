from . import fastapi_app
from . import fastapi_endpoint
from . import fastapi_endpoint_library
from . import fastapi_endpoint_lifespan
from . import fastapi_endpoint_routing
from . import test_fastapi_item
from . import test_fastapi_fault
from . import test_fastapi_typed
