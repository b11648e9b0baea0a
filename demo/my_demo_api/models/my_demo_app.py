# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The app ``my_demo``."""

from odoo.addons.fastapi.error_handlers import default_exception_handlers
from odoo.addons.fastapi.models import FastapiApp

from ..error_handlers import ERROR_CODES, ErrorCodeHandler
from ..routers import router


class MyDemoApp(FastapiApp):
    _name = "fastapi.app.my_demo"
    _description = "My Demo"
    _root_path = "/my_demo_api"
    _user_xml_id = "my_demo_api.my_demo_app_user"
    _auth = ("api_key",)

    def _get_routers(self):
        return [router]

    def _get_exception_handlers(self):
        handlers = default_exception_handlers()
        return {
            exception_type: ErrorCodeHandler(handlers[exception_type], code)
            for exception_type, code in ERROR_CODES.items()
        }
