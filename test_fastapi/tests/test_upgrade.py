# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Upgrade a database of the published addon to this one, and call its endpoints.

The published addon comes from PyPI. Database and servers are real.
"""

import base64
import importlib.util
import json
import os
import subprocess
import tempfile
import textwrap
import unittest
import venv
from pathlib import Path

import odoo
from odoo.modules import Manifest
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import config

from odoo.addons import base

from .documents import find_complaints
from .servers import OdooServer, connect, create_database, drop_database, run_odoo

VERSION = "19.0.1.2.0"
#: The published addon and its requirements that this addon doesn't have.
REQUIREMENTS = (
    f"odoo-addon-fastapi=={VERSION}",
    "odoo-addon-endpoint-route-handler==19.0.1.2.4",
    "a2wsgi==1.10.10",
    "fastapi-openapi-overrides==0.1.0",
    "parse-accept-language==0.1.2",
    "ujson==6.1.0",
)
#: An addon with two apps that runs with the published addon and with this one.
ADDON = {
    "__init__.py": "from . import models\n",
    "__manifest__.py": """
        {
            "name": "Shop",
            "version": "19.0.1.0.0",
            "author": "Odoo Community Association (OCA)",
            "license": "LGPL-3",
            "depends": ["fastapi"],
        }
    """,
    "models.py": """
        from typing import Annotated

        from fastapi import APIRouter, Depends
        from pydantic import BaseModel

        from odoo import fields, models
        from odoo.exceptions import UserError

        from odoo.addons.fastapi.dependencies import (
            authenticated_partner,
            authenticated_partner_from_basic_auth_user,
            authenticated_partner_impl,
            company_id,
            fastapi_endpoint,
            odoo_env,
            paging,
        )
        from odoo.addons.fastapi.schemas import PagedCollection

        shop = APIRouter()
        status = APIRouter()


        class Item(BaseModel):
            name: str


        @shop.get("/items")
        def items(paging: Annotated[object, Depends(paging)]) -> PagedCollection[Item]:
            names = ["chair", "desk", "lamp"]
            page = names[paging.offset : paging.offset + paging.limit]
            return PagedCollection(count=3, items=[{"name": name} for name in page])


        @shop.post("/items", status_code=201)
        def create_item(item: Item) -> Item:
            if item.name == "refused":
                raise UserError("No such item.")
            return item


        @shop.get("/me")
        def me(
            partner: Annotated[object, Depends(authenticated_partner)],
            company: Annotated[int, Depends(company_id)],
        ) -> dict:
            env = partner.env
            return {
                "partner": partner.name,
                "user": env.user.login,
                "company": env["res.company"].browse(company).name,
                "in_context": env.context["authenticated_partner_id"] == partner.id,
            }


        @status.get("/")
        def greeting(endpoint: Annotated[object, Depends(fastapi_endpoint)]) -> str:
            return endpoint.greeting


        @status.get("/users")
        def users(env: Annotated[object, Depends(odoo_env)]) -> int:
            return env["res.users"].search_count([])


        class FastapiEndpoint(models.Model):
            _inherit = "fastapi.endpoint"

            app = fields.Selection(
                selection_add=[("shop", "Shop"), ("status", "Status")],
                ondelete={"shop": "cascade", "status": "cascade"},
            )
            greeting = fields.Char(default="Hello")

            def _fastapi_app_fields(self):
                return super()._fastapi_app_fields() + ["greeting"]

            def _get_fastapi_routers(self):
                routers = {"shop": [shop], "status": [status]}
                return routers.get(self.app) or super()._get_fastapi_routers()

            def _get_app_dependencies_overrides(self):
                overrides = super()._get_app_dependencies_overrides()
                if self.app == "shop":
                    overrides[authenticated_partner_impl] = (
                        authenticated_partner_from_basic_auth_user
                    )
                return overrides
    """,
}
BASIC = {"Authorization": f"Basic {base64.b64encode(b'admin:admin').decode()}"}
JSON = {"Content-Type": "application/json"}
#: Requests with the same response before and after: path, headers, body.
CALLS = (
    ("/fastapi_demo/demo", {}, None),
    ("/fastapi_demo/demo/lang", {"Accept-Language": "fr, en;q=0.5"}, None),
    ("/fastapi_demo/demo/who_ami", BASIC, None),
    ("/fastapi_demo/demo/endpoint_app_info", BASIC, None),
    ("/fastapi_demo/demo/retrying?nbr_retries=2", {}, None),
    *(
        (
            f"/fastapi_demo/demo/exception?exception_type={name}&error_message=x",
            {},
            None,
        )
        for name in ("UserError", "ValidationError", "MissingError", "HTTPException")
    ),
    ("/fastapi_demo/unknown", {}, None),
    ("/fastapi/demo-multi/demo/endpoint_app_info", BASIC, None),
    ("/keys/demo", {}, None),
    ("/Shop/api/v1/items?page=2&page_size=2", {}, None),
    ("/Shop/api/v1/items", JSON, b'{"name": "chair"}'),
    ("/Shop/api/v1/items", JSON, b'{"name": "refused"}'),
    ("/Shop/api/v1/me", BASIC, None),
    ("/status/", {}, None),
    ("/status/users", {}, None),
    ("/status/other/users", {}, None),
)
ENDPOINT_FIELDS = (
    *("name", "description", "app", "root_path", "active", "user_id", "company_id"),
    *("save_http_session", "route_group", "demo_auth_method", "greeting"),
)


@tagged("post_install", "-at_install")
@unittest.skipUnless(importlib.util.find_spec("ensurepip"), "ensurepip is missing")
class TestUpgrade(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.install_published()
        cls.published = cls.packages / "odoo" / "addons"
        cls.addons = cls.folder / "addons"
        for name, text in ADDON.items():
            path = cls.addons / "shop_api" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")
        cls.dbname = f"{get_db_name()}_upgrade"
        cls.addClassCleanup(drop_database, cls.dbname)

    @classmethod
    def install_published(cls):
        """Install the published addon in a separate environment."""
        venv.create(cls.folder / "venv", with_pip=True)
        cls.pip = str(cls.folder / "venv" / "bin" / "pip")
        done = subprocess.run(
            [cls.pip, "install", "--quiet", "--no-deps", *REQUIREMENTS],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            if "CI" in os.environ:
                raise RuntimeError(done.stderr)
            raise unittest.SkipTest(f"PyPI can't be reached: {done.stderr}")
        (cls.packages,) = cls.folder.glob("venv/lib/python*/site-packages")

    def test_upgrade(self):
        self.create_published()
        self.assertEqual(self.installed_version(), VERSION)
        # `pip install` of this addon leaves `endpoint_route_handler` installed
        subprocess.run([self.pip, "uninstall", "-q", "-y", REQUIREMENTS[0]], check=True)
        options = self.get_options(*config["addons_path"], self.published)
        code, log = run_odoo(self.dbname, "--update", "fastapi", **options)
        self.assertEqual(code, 0, log)
        complaints = find_complaints(log)
        # logged for two endpoints with one root path
        self.assertIn("could not create unique index", complaints.pop())
        self.assertEqual(complaints, [])
        version = Manifest.for_addon("fastapi")["version"]
        self.assertEqual(self.installed_version(), version)

        server = OdooServer(self.dbname, **options)
        self.addCleanup(server.stop)
        self.check_endpoints(server)
        module = [("name", "=", "endpoint_route_handler")]
        handler = server.rpc("ir.module.module", "search", module)
        server.rpc("ir.module.module", "button_immediate_uninstall", handler)
        self.check_endpoints(server)
        server.stop()
        complaints = find_complaints("".join(server.log))
        self.assertEqual([line for line in complaints if "/xmlrpc" not in line], [])

    def get_options(self, *addons_path):
        return {"addons_path": ",".join(map(str, [*addons_path, self.addons]))}

    def create_published(self):
        """Create a database of the published addon and call its endpoints."""
        odoo_path = Path(odoo.__path__[0])
        odoo_addons = Path(base.__path__[0]).parent, *odoo_path.glob("addons")
        options = self.get_options(self.published, *odoo_addons)
        code, log = create_database(
            self.dbname, "shop_api", "--with-demo", packages=[self.packages], **options
        )
        self.assertEqual(code, 0, log)
        python_path = os.pathsep.join(map(str, [self.packages, odoo_path.parent]))
        server = OdooServer(
            self.dbname, variables={"PYTHONPATH": python_path}, **options
        )
        self.addCleanup(server.stop)
        self.create_endpoints(server)
        self.responses = [self.call(server, *call) for call in CALLS]
        statuses = {status for _path, status, _body in self.responses}
        self.assertEqual(statuses, {200, 201, 400, 404, 409})
        self.values = self.read_endpoints(server)
        server.stop()

    def create_endpoints(self, server):
        """Create endpoints of three apps and publish all endpoints."""
        (company,) = server.rpc("res.company", "create", [{"name": "Other company"}])
        (user,) = server.rpc(
            "res.users",
            "create",
            [
                {
                    "name": "Shop's user",
                    "login": "shop",
                    "company_id": company,
                    "company_ids": [(4, company)],
                    "group_ids": [
                        (4, self.find(server, "group_fastapi_endpoint_runner"))
                    ],
                }
            ],
        )
        shop = {"app": "shop", "user_id": user}
        demo = {"app": "demo", "demo_auth_method": "api_key"}
        status = {"app": "status"}
        server.rpc(
            "fastapi.endpoint",
            "create",
            [
                {"name": "Shop", "root_path": "/Shop/api/v1", **shop},
                {"name": "Keys", "root_path": "keys", "route_group": "demo", **demo},
                {"name": "Archived", "root_path": "/archived", **demo},
                {"name": "Status", "root_path": "/status", "greeting": "Hi", **status},
                {
                    "name": "Other",
                    "root_path": "/status/other",
                    "description": "# Other",
                    "save_http_session": False,
                    "user_id": 2,
                    "company_id": company,
                    **status,
                },
                {"name": "Slash", "root_path": "/slash/", **status},
                {"name": "Reserved", "root_path": "/odoo/api", **status},
                {"name": "Twice", "root_path": "/twice", **status},
            ],
        )
        ids = server.rpc("fastapi.endpoint", "search", [])
        server.rpc("fastapi.endpoint", "write", ids, {"registry_sync": True})
        again = {"name": "Twice again", "root_path": "/twice", **status}
        server.rpc("fastapi.endpoint", "create", [again])
        archived = self.search(server, "/archived")
        server.rpc("fastapi.endpoint", "write", archived, {"active": False})

    def find(self, server, name):
        """Return the id of a record of the addon."""
        data = [("module", "=", "fastapi"), ("name", "=", name)]
        return server.rpc("ir.model.data", "search_read", data, ["res_id"])[0]["res_id"]

    def search(self, server, root_path):
        return server.rpc("fastapi.endpoint", "search", [("root_path", "=", root_path)])

    def read_endpoints(self, server, *names):
        domain = [("active", "in", [True, False])]
        return server.rpc(
            "fastapi.endpoint", "search_read", domain, names or ENDPOINT_FIELDS
        )

    def call(self, server, path, headers, body):
        method = "GET" if body is None else "POST"
        response = server.request(method, path, body, headers)
        return path, response.status, json.loads(response.body)

    def installed_version(self):
        connection = connect(self.dbname)
        self.addCleanup(connection.close)
        with connection.cursor() as cr:
            cr.execute(
                "SELECT latest_version FROM ir_module_module WHERE name = 'fastapi'"
            )
            return cr.fetchone()[0]

    def check_endpoints(self, server):
        """Compare records and responses with those of the published addon."""
        expected = [dict(values) for values in self.values]
        for values in expected:
            values["root_path"] = values["root_path"].rstrip("/")
        self.assertEqual(self.read_endpoints(server), expected)
        for call, response in zip(CALLS, self.responses, strict=True):
            with self.subTest(call):
                self.assertEqual(self.call(server, *call), response)
        self.assertEqual(
            self.read_states(server),
            {
                "archived": {"Archived"},
                "broken": {"Reserved", "Twice", "Twice again"},
                "live": {
                    *("Fastapi Demo Endpoint", "Fastapi Multi-Slash Demo Endpoint"),
                    *("Shop", "Keys", "Status", "Other", "Slash"),
                },
            },
        )
        self.check_status(server, "/slash/users", 200)
        self.check_status(server, "/Shop/api/v1/docs", 200)
        document = server.request("GET", "/Shop/api/v1/openapi.json").json()
        self.assertEqual(document["paths"].keys(), {"/items", "/me"})
        # an API key is required, a login no longer suffices
        self.check_status(server, "/keys/demo/who_ami", 401, {"api-key": "admin"})
        archived = server.request("GET", "/archived/demo")
        self.assertEqual(
            (archived.status, archived.json()), (404, {"detail": "Not Found"})
        )
        # a saved change is live at once
        (other,) = self.search(server, "/status/other")
        for path, former in (("/moved", "/status/other"), ("/status/other", "/moved")):
            server.rpc("fastapi.endpoint", "write", [other], {"root_path": path})
            self.check_status(server, f"{path}/users", 200)
            self.check_status(server, f"{former}/users", 404)

    def check_status(self, server, path, expected, headers=None):
        response = server.request("GET", path, headers=headers)
        self.assertEqual(response.status, expected, response.body)

    def read_states(self, server):
        states = {}
        for values in self.read_endpoints(server, "name", "state"):
            states.setdefault(values["state"], set()).add(values["name"])
        return states
