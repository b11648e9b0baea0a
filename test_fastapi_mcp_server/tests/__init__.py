# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import test_backend
from . import test_callers
from . import test_calls
from . import test_client
from . import test_errors
from . import test_hostile
from . import test_library_mcp_conformance
from . import test_library_mcp_inspector
from . import test_limits
from . import test_oauth
from . import test_oauth_client
from . import test_other_addons
from . import test_readme
from . import test_request_log
from . import test_stress_hostile
from . import test_tool_calls
from . import test_transactions
