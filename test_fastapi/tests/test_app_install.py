# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Addons with apps as classes: installed, extended, upgraded, uninstalled.

The addons are generated here and installed in separate databases.
"""

import tempfile
from pathlib import Path

from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import config

from .servers import (
    OdooServer,
    connect,
    copy_database,
    create_database,
    drop_database,
    run_odoo,
)

MANIFEST = '{"name": "%s", "author": "Test", "license": "LGPL-3", "depends": %s, %s}'

SHOP = """
from fastapi import APIRouter
from odoo.addons.fastapi.models import FastapiApp

router = APIRouter()

@router.get("/name")
def name() -> str:
    return "shop"

class ShopApp(FastapiApp):
    _name = "fastapi.app.shop"
    _description = "Shop"
    _root_path = "/shop"
    _user_xml_id = "app_shop.user"
    _create_endpoint = True

    def _get_routers(self):
        return [router]
"""
SHOP_DATA = """
<odoo>
    <record id="user" model="res.users" context="{'no_reset_password': True}">
        <field name="name">Shop</field>
        <field name="login">app_shop</field>
        <field name="group_ids" eval="[Command.clear()]" />
    </record>
</odoo>
"""
#: The code that a new version of the addon adds.
SHOP_NEW = """
class CartApp(FastapiApp):
    _name = "fastapi.app.cart"
    _description = "Cart"
    _root_path = "/cart"
    _create_endpoint = True

    def _get_routers(self):
        return [router]
"""
EXTENSION = """
from fastapi import APIRouter
from odoo import models
from odoo.addons.fastapi.models import FastapiApp

router = APIRouter()

@router.get("/extra")
def extra() -> str:
    return "extra"

class ShopApp(models.AbstractModel):
    _inherit = "fastapi.app.shop"

    def _get_routers(self):
        return [*super()._get_routers(), router]

class EveryApp(models.AbstractModel):
    _inherit = "fastapi.app"

    def _prepare_params(self):
        return {**super()._prepare_params(), "summary": "of every app"}

class OutletApp(FastapiApp):
    _name = "fastapi.app.outlet"
    _inherit = "fastapi.app.shop"
    _description = "Outlet"
    _root_path = "/outlet"
"""
SAME_CLASS = """
from odoo.addons.fastapi.models import FastapiApp

class OtherShopApp(FastapiApp):
    _name = "fastapi.app.shop"
    _description = "Another shop"
"""
SAME_ENTRY = """
from odoo import fields, models

class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

    app = fields.Selection(
        selection_add=[("shop", "Old shop")], ondelete={"shop": "cascade"}
    )
"""
OLD = """
from odoo import fields, models

class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

    app = fields.Selection(selection_add=[("old", "Old")], ondelete={"old": "cascade"})
"""
#: The next version of the same addon.
OLD_AS_CLASS = """
from fastapi import APIRouter
from odoo.addons.fastapi.models import FastapiApp

router = APIRouter()

@router.get("/name")
def name() -> str:
    return "old"

class OldApp(FastapiApp):
    _name = "fastapi.app.old"
    _description = "Old"
    _root_path = "/old"
    _create_endpoint = True

    def _get_routers(self):
        return [router]
"""
#: Changes only the label of the entry.
LABEL = """
from odoo import fields, models

class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

    app = fields.Selection(selection_add=[("shop", "My shop")])
"""
BAD_NAME = """
from odoo.addons.fastapi.models import FastapiApp

class BadApp(FastapiApp):
    _name = "bad.app"
    _description = "Bad"
"""
NO_USER = """
from odoo.addons.fastapi.models import FastapiApp

class LonelyApp(FastapiApp):
    _name = "fastapi.app.lonely"
    _description = "Lonely"
    _root_path = "/lonely"
    _user_xml_id = "app_no_user.user"
    _create_endpoint = True
"""
NO_PATH = """
from odoo.addons.fastapi.models import FastapiApp

class NowhereApp(FastapiApp):
    _name = "fastapi.app.nowhere"
    _description = "Nowhere"
    _create_endpoint = True
"""
ADDONS = {
    "app_shop": (SHOP, ["fastapi"], '"data": ["data.xml"]'),
    "app_extension": (EXTENSION, ["app_shop"], ""),
    "app_same_class": (SAME_CLASS, ["fastapi"], ""),
    "app_same_entry": (SAME_ENTRY, ["fastapi"], ""),
    "app_old": (OLD, ["fastapi"], ""),
    "app_label": (LABEL, ["app_shop"], ""),
    "app_bad_name": (BAD_NAME, ["fastapi"], ""),
    "app_no_user": (NO_USER, ["fastapi"], ""),
    "app_no_path": (NO_PATH, ["fastapi"], ""),
}


@tagged("post_install", "-at_install")
class TestAppInstall(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        for name, (code, depends, more) in ADDONS.items():
            addon = cls.folder / name
            addon.mkdir()
            (addon / "__init__.py").write_text(code)
            manifest = MANIFEST % (name, depends, more)
            (addon / "__manifest__.py").write_text(manifest)
        (cls.folder / "app_shop" / "data.xml").write_text(SHOP_DATA)
        cls.options = {
            "addons_path": ",".join([*config["addons_path"], str(cls.folder)])
        }
        #: A database with the addon; the others are copies of it.
        cls.template = f"{get_db_name()}-apps"
        cls.addClassCleanup(drop_database, cls.template)
        code, log = create_database(cls.template, "app_shop", **cls.options)
        if code:
            raise RuntimeError(log)

    def copy_database(self, name):
        dbname = f"{self.template}-{name}"
        copy_database(self.template, dbname)
        self.addCleanup(drop_database, dbname)
        return dbname

    def start_server(self, *dbnames):
        server = OdooServer(*dbnames, **self.options)
        self.addCleanup(server.stop)
        return server

    def get(self, server, path, dbname=None):
        response = server.request("GET", path, dbname=dbname)
        return response.json() if response.status == 200 else response.status

    def search(self, server, *domain):
        domain = [*domain, ("active", "in", (True, False))]
        return server.rpc("fastapi.endpoint", "search", domain)

    def change_module(self, server, name, method, dbname=None):
        modules = [("name", "=", name)]
        ids = server.rpc("ir.module.module", "search", modules, dbname=dbname)
        server.rpc("ir.module.module", method, ids, dbname=dbname)

    def test_install_creates_the_endpoint(self):
        server = self.start_server(self.copy_database("comes"))
        self.assertEqual(self.get(server, "/shop/name"), "shop")
        (endpoint_id,) = self.search(server)
        fields = ["name", "app", "user_id"]
        (vals,) = server.rpc("fastapi.endpoint", "read", [endpoint_id], fields)
        vals["user_id"] = vals["user_id"][1]
        self.assertEqual(
            vals, {"id": endpoint_id, "name": "Shop", "app": "shop", "user_id": "Shop"}
        )
        domain = [("model", "=", "fastapi.endpoint"), ("res_id", "=", endpoint_id)]
        (xml_id,) = server.rpc(
            "ir.model.data", "search_read", domain, ["complete_name", "noupdate"]
        )
        self.assertEqual(xml_id["complete_name"], "app_shop.fastapi_endpoint_shop")
        self.assertTrue(xml_id["noupdate"])

    def test_upgrade_and_uninstall(self):
        server = self.start_server(self.copy_database("upgrade"))
        (endpoint_id,) = self.search(server)
        server.rpc("fastapi.endpoint", "write", [endpoint_id], {"name": "Mine"})
        # an upgrade keeps changes by users
        self.change_module(server, "app_shop", "button_immediate_upgrade")
        (vals,) = server.rpc("fastapi.endpoint", "read", [endpoint_id], ["name"])
        self.assertEqual(vals["name"], "Mine")
        # an upgrade doesn't restore a deleted endpoint
        server.rpc("fastapi.endpoint", "unlink", [endpoint_id])
        self.change_module(server, "app_shop", "button_immediate_upgrade")
        self.assertEqual(self.search(server), [])
        self.assertEqual(self.get(server, "/shop/name"), 404)
        # uninstalling the addon deletes its endpoints
        server.rpc(
            "fastapi.endpoint",
            "create",
            [{"app": "shop"}, {"app": "shop", "root_path": "/old", "active": False}],
        )
        self.assertEqual(self.get(server, "/shop/name"), "shop")
        self.assertEqual(len(self.search(server)), 2)
        self.change_module(server, "app_shop", "button_immediate_uninstall")
        self.assertEqual(self.get(server, "/shop/name"), 404)
        self.assertEqual(self.search(server), [])
        # installing it creates the endpoint again
        self.change_module(server, "app_shop", "button_immediate_install")
        self.assertEqual(self.get(server, "/shop/name"), "shop")

    def test_upgrade_creates_the_endpoint_of_a_new_app(self):
        dbname = self.copy_database("version")
        module = self.folder / "app_shop" / "__init__.py"
        self.addCleanup(module.write_text, SHOP)
        module.write_text(SHOP + SHOP_NEW)
        code, log = run_odoo(dbname, "--update", "app_shop", **self.options)
        self.assertEqual(code, 0, log)
        server = self.start_server(dbname)
        self.assertEqual(self.get(server, "/cart/name"), "shop")
        self.assertEqual(len(self.search(server)), 2)

    def test_upgrade_turns_an_app_into_a_class(self):
        dbname = self.copy_database("becomes")
        server = self.start_server(dbname)
        self.change_module(server, "app_old", "button_immediate_install")
        vals = {"name": "Mine", "app": "old", "root_path": "/old"}
        ids = server.rpc("fastapi.endpoint", "create", [vals])
        self.assertEqual(self.get(server, "/old/name"), 404)
        server.stop()
        module = self.folder / "app_old" / "__init__.py"
        self.addCleanup(module.write_text, OLD)
        module.write_text(OLD_AS_CLASS)
        code, log = run_odoo(dbname, "--update", "app_old", **self.options)
        self.assertEqual(code, 0, log)
        server = self.start_server(dbname)
        self.assertEqual(self.get(server, "/old/name"), "old")
        self.assertEqual(self.search(server, ("app", "=", "old")), ids)

    def test_extension_affects_only_databases_with_its_addon(self):
        first, second = self.copy_database("first"), self.copy_database("second")
        server = self.start_server(first, second)
        self.change_module(
            server, "app_extension", "button_immediate_install", dbname=second
        )
        for _request in range(2):
            self.assertEqual(self.get(server, "/shop/name", first), "shop")
            self.assertEqual(self.get(server, "/shop/name", second), "shop")
            self.assertEqual(self.get(server, "/shop/extra", first), 404)
            self.assertEqual(self.get(server, "/shop/extra", second), "extra")
        summaries = [
            self.get(server, "/shop/openapi.json", dbname)["info"].get("summary")
            for dbname in (first, second)
        ]
        self.assertEqual(summaries, [None, "of every app"])
        # an app that inherits another app gets its extensions
        self.assertEqual(self.get(server, "/outlet/extra", first), 404)
        self.assertEqual(self.get(server, "/outlet/name", second), "shop")
        self.assertEqual(self.get(server, "/outlet/extra", second), "extra")
        self.change_module(
            server, "app_extension", "button_immediate_uninstall", dbname=second
        )
        self.assertEqual(self.get(server, "/shop/extra", second), 404)
        self.assertEqual(self.get(server, "/shop/name", second), "shop")
        self.assertEqual(self.get(server, "/outlet/name", second), 404)

    def test_refused_addons(self):
        dbname = self.copy_database("refused")
        same = "The addons app_shop, %s each have an app with the key shop."
        for addon, text in (
            ("app_same_class", same % "app_same_class"),
            ("app_same_entry", same % "app_same_entry"),
            (
                "app_bad_name",
                "odoo.addons.app_bad_name.BadApp: the _name of an app is "
                "fastapi.app.<key>, with a key of lowercase letters, digits and _, "
                "not 'bad.app'.",
            ),
            (
                "app_no_user",
                "The app fastapi.app.lonely can't create its endpoint: there is no "
                "user with the XML id app_no_user.user.",
            ),
            (
                "app_no_path",
                "The app fastapi.app.nowhere can't create its endpoint: it has no "
                "_root_path.",
            ),
        ):
            with self.subTest(addon):
                code, log = run_odoo(dbname, "--init", addon, **self.options)
                self.assertNotEqual(code, 0)
                self.assertIn(text, log)
        connection = connect(dbname)
        self.addCleanup(connection.close)
        with connection.cursor() as cr:
            cr.execute(
                "SELECT name FROM ir_module_module WHERE name LIKE 'app\\_%%'"
                " AND state = 'installed'"
            )
            self.assertEqual(cr.fetchall(), [("app_shop",)])

    def test_changed_label_of_the_entry(self):
        dbname = self.copy_database("label")
        code, log = run_odoo(dbname, "--init", "app_label", **self.options)
        self.assertEqual(code, 0, log)
