# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.fastapi.models import FastapiApp

from .routers import router


class TestLimitsApp(FastapiApp):
    _name = "fastapi.app.test_limits"
    _description = "Test of limits"

    def _get_routers(self):
        return [router]
