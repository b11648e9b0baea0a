from . import test_cells
from . import test_checks
from . import test_classes
from . import test_import
from . import test_loader
from . import test_mixin
