from . import extendable_registry_loader
from . import ir_http
from . import ir_module
