from . import fastapi_route
