# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from .bench import caller_router, partner_of_user, router
from .many import get_many_routes
from .many import router as many_router
from .records import router as records_router
