# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import test_agents
from . import test_capture
from . import test_metrics_servers
from . import test_missing_calls
from . import test_missing_calls_servers
from . import test_processes
from . import test_refusals
from . import test_request_hour_commits
from . import test_servers
from . import test_stress_rows
from . import test_usage
