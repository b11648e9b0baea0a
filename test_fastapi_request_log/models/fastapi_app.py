# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from odoo import models

from odoo.addons.fastapi.models import FastapiApp

from ..routers import ToolCalls, callers_router, own_callers, router


class TestLogApp(FastapiApp):
    _name = "fastapi.app.test_log"
    _description = "Test of the Request Log"

    def _get_routers(self):
        return [router]


class TestLogCallersApp(FastapiApp):
    _name = "fastapi.app.test_log_callers"
    _description = "Test of the Request Log, with Callers of Its Own"

    def _get_routers(self):
        return [callers_router]

    def _get_dependency_overrides(self):
        return own_callers

    def _get_middlewares(self):
        return [Middleware(CORSMiddleware, allow_origins=["https://a.test"])]


class TestLogCorsApp(FastapiApp):
    _name = "fastapi.app.test_log_cors"
    _description = "Test of the Request Log, with Odoo's CORS"

    def _get_routers(self):
        return [router]

    def _get_routing_info(self):
        return {**super()._get_routing_info(), "cors": "https://a.test"}


class TestLogAgentsApp(FastapiApp):
    _name = "fastapi.app.test_log_agents"
    _description = "Test of the Request Log, with Tools for Agents"

    def _get_routers(self):
        return [router]

    def _get_middlewares(self):
        return [Middleware(ToolCalls)]


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

    def _get_log_secrets(self):
        return [*super()._get_log_secrets(), "I-BAN"]
