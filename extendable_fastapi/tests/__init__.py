from . import test_new_models
from . import test_schemas
