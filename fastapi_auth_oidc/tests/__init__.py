# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import test_documents
from . import test_key_ring
from . import test_keys
from . import test_provider
from . import test_tokens
from . import test_way
