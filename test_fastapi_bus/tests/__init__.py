# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import test_browsers
from . import test_reader
from . import test_reader_faults
from . import test_reader_speed
from . import test_records
from . import test_rights
from . import test_servers
from . import test_stress_push
