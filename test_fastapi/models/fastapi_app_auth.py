# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Apps that leave authentication to their endpoints."""

from fastapi.security import APIKeyHeader

from odoo import models
from odoo.http import request

from odoo.addons.fastapi.auth import Caller, Way
from odoo.addons.fastapi.models import FastapiApp

from ..routers import router
from ..routers.auth import router as auth_router


class TestAuthApp(FastapiApp):
    """All routes; the endpoint decides how to authenticate."""

    _name = "fastapi.app.test_auth"
    _description = "Test of an app that leaves authentication to its endpoint"
    _root_path = "/test-auth"
    _user_xml_id = "test_fastapi.user_test_runner"
    _auth = ("api_key",)
    _run_as = "caller"

    def _get_routers(self):
        return [auth_router, router]


class TestPreparedApp(FastapiApp):
    _name = "fastapi.app.test_prepared"
    _description = "Test of a way to authenticate that asks another server"

    def _get_routers(self):
        return [auth_router]


class PreparedWay(Way):
    """Records the state of the transaction for each ``X-Prepare`` header.

    The method of a caller is all states since the app was built.
    """

    name = "prepared"
    scheme = APIKeyHeader(name="X-Prepared", auto_error=False)

    def __init__(self):
        self.noted = []

    def prepare(self, headers):
        return self._note if headers.get("x-prepare") else None

    def _note(self):
        self.noted.append(str(request.env.cr.connection.info.transaction_status))

    def authenticate(self, credential, connection, env):
        return Caller(" ".join(self.noted), env.ref("base.main_partner").id)


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"  # pylint: disable=consider-merging-classes-inherited

    def _get_auth_ways(self):
        ways = super()._get_auth_ways()
        if self.app == "test_prepared":
            ways.append(PreparedWay())
        return ways
