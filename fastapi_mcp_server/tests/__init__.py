# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import test_authorization
from . import test_headers
from . import test_import
from . import test_messages
from . import test_middleware
from . import test_results
from . import test_texts
from . import test_tool_arguments
from . import test_tool_marks
from . import test_tool_schemas
