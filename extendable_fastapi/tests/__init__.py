from . import test_import
from . import test_new_models
from . import test_schemas
from . import test_record_schema
from . import test_crud
