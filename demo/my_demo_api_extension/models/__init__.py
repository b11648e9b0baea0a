from . import fastapi_endpoint
from . import my_demo_service
