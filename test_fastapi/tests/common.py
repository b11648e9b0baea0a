# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from contextlib import ExitStack

from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

#: Odoo's loggers of refused and deprecated RPC calls.
RPC_LOGGERS = (
    "odoo.http",
    "odoo.addons.base.models.res_users",
    "odoo.addons.rpc.controllers.jsonrpc",
    "odoo.addons.rpc.controllers.xmlrpc",
)


@tagged("post_install", "-at_install")
class FastapiHttpCase(HttpCase):
    """Calls the test app over HTTP, below ``/test``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.runner = cls.env.ref("test_fastapi.user_test_runner")
        cls.endpoint = cls._create_endpoint("/test")
        cls.caller = new_test_user(cls.env, "caller@test", password="caller's secret")
        cls.caller_auth = ("caller@test", "caller's secret")

    @classmethod
    def _create_endpoint(cls, root_path, **vals):
        if vals.get("app") == "demo":
            cls.env["fastapi.endpoint"]._load_demo_data()
        if "request_log" in cls.env["fastapi.endpoint"]._fields:
            # fastapi_request_log adds the id of the request to the body of a 500
            vals.setdefault("request_log", "off")
        return cls.env["fastapi.endpoint"].create(
            {
                "name": f"Test at {root_path}",
                "app": "test",
                "root_path": root_path,
                "user_id": cls.runner.id,
                **vals,
            }
        )

    def mute(self, *loggers):
        """Mute loggers until the test ends: CI fails on errors in the log."""
        stack = ExitStack()
        stack.enter_context(mute_logger(*loggers))
        self.addCleanup(stack.close)

    def call(self, method, path, **kwargs):
        """Send a request and return the response; redirects are not followed."""
        kwargs.setdefault("timeout", 30)
        kwargs.setdefault("allow_redirects", False)
        return self.opener.request(method, f"{self.base_url()}{path}", **kwargs)

    def get(self, path, **kwargs):
        return self.call("GET", path, **kwargs)

    def post(self, path, **kwargs):
        return self.call("POST", path, **kwargs)
