# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import test_backend
from . import test_cleaning
from . import test_idempotency_keys
from . import test_idempotency_model
from . import test_inner_responses
from . import test_postgres
from . import test_rate
from . import test_uninstall
from . import test_window
