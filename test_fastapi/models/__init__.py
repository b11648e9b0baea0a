from . import fastapi_endpoint
from . import test_fastapi_item
