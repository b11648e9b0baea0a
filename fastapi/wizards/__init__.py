from . import fastapi_endpoint_key
from . import fastapi_route
