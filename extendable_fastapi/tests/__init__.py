from . import test_schemas
