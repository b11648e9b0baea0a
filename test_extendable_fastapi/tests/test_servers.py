# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
import tempfile
from base64 import b64encode
from pathlib import Path

from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import config

from odoo.addons.test_fastapi.tests.servers import (
    Background,
    OdooServer,
    create_database,
    drop_database,
)

PATH = "/my_demo_extendable"
AUTHORIZATION = f"Basic {b64encode(b'admin:admin').decode()}"

MANIFEST = """{
    "name": "Broken extension",
    "version": "19.0.1.0.0",
    "license": "LGPL-3",
    "author": "Tests",
    "depends": ["my_demo_extendable"],
}"""
EXTENSION = """
import logging
from extendable.context import extendable_registry
from odoo.addons.my_demo_extendable.schemas import Partner

class PartnerBroken(Partner, extends=Partner):
    name: int

logging.getLogger(__name__).info("imported with %s", extendable_registry.get())
"""


@tagged("post_install", "-at_install")
class TestDatabases(BaseCase):
    """The database of the tests has all extensions; a second one has none at first."""

    #: Session of the administrator in the second database.
    cookie = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.names = get_db_name(), f"{get_db_name()}-extendable"
        create_database(cls.names[1], "my_demo_extendable")
        cls.addClassCleanup(drop_database, cls.names[1])
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        addon = Path(folder.name, "extension_broken")
        addon.mkdir()
        (addon / "__manifest__.py").write_text(MANIFEST)
        (addon / "__init__.py").write_text(EXTENSION)
        addons_path = ",".join([*config["addons_path"], folder.name])
        cls.both = OdooServer(*cls.names, addons_path=addons_path)
        cls.addClassCleanup(cls.both.stop)
        cls.other = OdooServer(cls.names[1], addons_path=addons_path)
        cls.addClassCleanup(cls.other.stop)

    def get(self, server, path, dbname):
        return server.request(
            "GET", path, headers={"Authorization": AUTHORIZATION}, dbname=dbname
        )

    def keys(self, server, dbname):
        """Return the fields of a partner in the response, which are documented."""
        response = self.get(server, f"{PATH}/partner", dbname)
        self.assertEqual(response.status, 200, response.body)
        document = self.get(server, f"{PATH}/openapi.json", dbname).json()
        documented = document["components"]["schemas"]["Partner"]["properties"]
        self.assertEqual(response.json().keys(), documented.keys())
        return set(documented)

    def call_kw(self, model, method, *args):
        """Call a method in the second database, as the web client does."""
        headers = {"Content-Type": "application/json"}

        def post(path, **params):
            body = json.dumps({"params": params})
            response = self.both.request("POST", path, body, headers)
            self.assertNotIn("error", response.json(), response.body)
            return response

        if self.cookie is None:
            login = {"db": self.names[1], "login": "admin", "password": "admin"}
            response = post("/web/session/authenticate", **login)
            type(self).cookie = response.headers["Set-Cookie"].partition(";")[0]
        headers["Cookie"] = self.cookie
        response = post(
            "/web/dataset/call_kw", model=model, method=method, args=args, kwargs={}
        )
        return response.json()["result"]

    def run_on_module(self, method, name):
        """Call a method of a module of the second database."""
        self.call_kw("ir.module.module", "update_list")
        domain = [("name", "=", name)]
        module_ids = self.call_kw("ir.module.module", "search", domain)
        self.assertEqual(len(module_ids), 1)
        self.call_kw("ir.module.module", method, module_ids)

    def test_1_each_database_has_its_fields(self):
        first, second = self.names
        for _turn in range(3):
            self.assertEqual(self.keys(self.both, first), {"name", "email"})
            self.assertEqual(self.keys(self.both, second), {"name"})
        calls = [
            (dbname, Background(self.get, self.both, f"{PATH}/partner", dbname))
            for dbname in self.names * 3  # checking a password takes a while
        ]
        for dbname, call in calls:
            expected = {"name", "email"} if dbname == first else {"name"}
            self.assertEqual(call.result().json().keys(), expected)

    def test_2_install_and_uninstall(self):
        first, second = self.names
        self.assertEqual(self.keys(self.other, second), {"name"})
        email = {"email": "admin@example.com"}
        self.both.rpc("res.users", "write", [2], email, dbname=second)
        self.run_on_module("button_immediate_install", "my_demo_extendable_email")
        for server in (self.both, self.other):
            self.assertEqual(self.keys(server, second), {"name", "email"})
        response = self.get(self.both, f"{PATH}/partner", second).json()
        self.assertEqual(response["email"], email["email"])
        self.assertEqual(self.keys(self.both, first), {"name", "email"})
        self.run_on_module("button_immediate_uninstall", "my_demo_extendable_email")
        for server in (self.both, self.other):
            self.assertEqual(self.keys(server, second), {"name"})
        self.assertEqual(self.keys(self.both, first), {"name", "email"})

    def test_3_broken_extension(self):
        """The log names it. Only the API with the extended model fails."""
        first, second = self.names
        # the demo app requires this record of the demo data
        vals = {"module": "fastapi", "name": "my_demo_app_user"}
        vals.update({"model": "res.users", "res_id": 2})
        self.both.rpc("ir.model.data", "create", [vals], dbname=second)
        args = (
            "fastapi.endpoint",
            "create",
            [
                {
                    "name": "Demo",
                    "app": "demo",
                    "root_path": "/sound",
                    "demo_auth_method": "http_basic",
                }
            ],
        )
        self.both.rpc(*args, dbname=second)
        self.run_on_module("button_immediate_install", "extension_broken")
        message = (
            "odoo.addons.extension_broken.PartnerBroken (addon extension_broken), "
            "which extends odoo.addons.my_demo_extendable.schemas.Partner, can't be "
            "used: the field 'name' becomes int, was str"
        )
        # all databases share the module: even a request imports it without extensions
        self.assertTrue(any("imported with None" in line for line in self.both.log))
        for server in (self.both, self.other):
            self.assertEqual(self.get(server, "/sound/demo", second).status, 200)
            self.assertEqual(self.get(server, "/web/login", second).status, 200)
            response = self.get(server, f"{PATH}/partner", second)
            self.assertEqual(response.status, 503)
            self.assertNotIn(b"PartnerBroken", response.body)
            self.assertTrue(any(message in line for line in server.log))
        self.assertEqual(self.keys(self.both, first), {"name", "email"})
        self.run_on_module("button_immediate_uninstall", "extension_broken")
        for server in (self.both, self.other):
            self.assertEqual(self.keys(server, second), {"name"})
