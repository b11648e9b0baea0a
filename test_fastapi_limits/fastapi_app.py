# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.fastapi.models import FastapiApp

from .routers import router
from .routers.rates import existing, mounted


class TestLimitsApp(FastapiApp):
    _name = "fastapi.app.test_limits"
    _description = "Test of limits"

    _rate_by_address = "1000/minute"

    def _get_routers(self):
        return [router]

    def _get_app(self):
        app = super()._get_app()
        app.mount("/mounted", mounted)
        app.mount("/tenants/{tenant}", mounted)
        return app


class TestLimitsExistingApp(FastapiApp):
    _name = "fastapi.app.test_limits_existing"
    _description = "Test of limits: an existing app"

    _app = existing
