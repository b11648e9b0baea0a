# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import test_http
from . import test_idempotency
from . import test_idempotency_servers
from . import test_redis
from . import test_servers
from . import test_stress_exactly_once
