# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.fastapi.models import FastapiApp

from ..push_load import router as push_router
from ..routers import router


class TestBusApp(FastapiApp):
    _name = "fastapi.app.test_bus"
    _description = "Test of push"

    def _get_routers(self):
        return [router, push_router]
