# A file for each concept. pylint-odoo asks for one class for all of fastapi.endpoint.
from . import fastapi_app
from . import fastapi_app_auth
from . import fastapi_endpoint
from . import fastapi_endpoint_library
from . import fastapi_endpoint_lifespan
from . import fastapi_endpoint_routing
from . import test_fastapi_item
from . import test_fastapi_fault
from . import test_fastapi_typed
