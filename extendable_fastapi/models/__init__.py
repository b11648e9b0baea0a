from . import extendable_registry_loader
from . import fastapi_endpoint
