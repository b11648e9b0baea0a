# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""An app with a third-party library, set up in `routers/library_*.py`."""

from importlib import import_module

from fastapi import FastAPI

from odoo import api, fields, models


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"  # pylint: disable=consider-merging-classes-inherited

    app = fields.Selection(
        selection_add=[("test_library", "Test with a library")],
        ondelete={"test_library": "cascade"},
    )
    #: Module and function that set up the app, like ``library_slowapi.set_up``.
    #: Imported when the app is built, as the library may be missing.
    test_library = fields.Char()

    @api.model
    def _fastapi_app_fields(self) -> list[str]:
        return [*super()._fastapi_app_fields(), "test_library"]

    def _get_app(self) -> FastAPI:
        app = super()._get_app()
        if self.app == "test_library":
            module, function = self.test_library.split(".")
            package = "odoo.addons.test_fastapi.routers"
            getattr(import_module(f"{package}.{module}"), function)(app)
        return app
