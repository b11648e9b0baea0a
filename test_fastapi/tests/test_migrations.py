# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Migration scripts on databases of earlier versions."""

from pathlib import Path

from odoo import Command
from odoo.modules import Manifest
from odoo.modules.migration import exec_script
from odoo.tests import TransactionCase, tagged
from odoo.tools import parse_version
from odoo.tools.sql import table_exists

from .common import FastapiHttpCase

ADDON = Manifest.for_addon("fastapi")


@tagged("post_install", "-at_install")
class TestMigrations(TransactionCase):
    def migrate(self, stage, version="19.0.1.0.0"):
        """Run the scripts of one stage of an upgrade from a version."""
        self.env.flush_all()
        for folder in sorted(Path(ADDON.path, "migrations").iterdir()):
            self.assertLessEqual(
                parse_version(folder.name), parse_version(ADDON["version"])
            )
            if parse_version(folder.name) > parse_version(version):
                for script in sorted(folder.glob(f"{stage}-*.py")):
                    exec_script(
                        self.env.cr, version, str(script), "fastapi", stage, folder.name
                    )
        self.env.invalidate_all()

    def create_endpoint(self, root_path, **values):
        return self.env["fastapi.endpoint"].create(
            {"name": "Test", "app": "test", "root_path": root_path, **values}
        )


class TestDocsGroups(TestMigrations):
    FORMER = "fastapi_endpoint_res_groups_rel"
    TABLE = "fastapi_endpoint_docs_group_rel"

    def setUp(self):
        super().setUp()
        self.groups = self.env["res.groups"].create([{"name": "a"}, {"name": "b"}])
        self.endpoint = self.create_endpoint(
            "/groups",
            docs_access="group",
            docs_group_ids=[Command.set(self.groups.ids)],
        )
        self.env.flush_all()

    def undo(self):
        """Store the groups where version 19.0.1.0.0 stored them."""
        cr = self.env.cr
        cr.execute(f"ALTER TABLE {self.TABLE} RENAME TO {self.FORMER}")
        cr.execute(
            "UPDATE ir_model_relation SET name = %s WHERE name = %s",
            [self.FORMER, self.TABLE],
        )
        self.assertEqual(cr.rowcount, 1)
        cr.execute(
            "UPDATE ir_model_fields SET relation_table = %s WHERE relation_table = %s",
            [self.FORMER, self.TABLE],
        )
        self.assertEqual(cr.rowcount, 1)

    def count_reflected(self):
        return self.env["ir.model.relation"].search_count([("name", "=", self.TABLE)])

    def test_groups_are_kept(self):
        self.undo()
        self.migrate("pre")
        self.assertEqual(self.endpoint.docs_group_ids, self.groups)
        self.assertEqual(self.count_reflected(), 1)
        self.assertFalse(table_exists(self.env.cr, self.FORMER))

    def test_second_run_changes_nothing(self):
        self.migrate("pre")
        self.assertEqual(self.endpoint.docs_group_ids, self.groups)
        self.assertEqual(self.count_reflected(), 1)

    def test_table_of_another_addon_is_kept(self):
        """A field of another addon uses the default table, in an upgraded database."""
        cr = self.env.cr
        cr.execute(f"ALTER TABLE {self.TABLE} RENAME TO {self.FORMER}")
        cr.execute(
            "UPDATE ir_model_fields SET name = 'allowed_group_ids', relation_table = %s"
            " WHERE relation_table = %s",
            [self.FORMER, self.TABLE],
        )
        self.migrate("pre", "19.0.1.2.0")
        self.assertTrue(table_exists(cr, self.FORMER))
        self.assertFalse(table_exists(cr, self.TABLE))


class TestRootPaths(TestMigrations):
    def test_paths_of_the_published_addon_are_cleaned(self):
        endpoints = [self.create_endpoint(f"/p{number}") for number in range(4)]
        paths = ("/one/", "//two//a/", "/three", "/three/")
        self.env.flush_all()
        for endpoint, path in zip(endpoints, paths, strict=True):
            self.env.cr.execute(
                "UPDATE fastapi_endpoint SET root_path = %s WHERE id = %s",
                [path, endpoint.id],
            )
        self.migrate("pre", "19.0.1.2.0")
        self.assertEqual(
            [endpoint.root_path for endpoint in endpoints],
            ["/one", "/two/a", "/three", "/three/"],
        )


class TestExposeDocUrls(TestMigrations):
    def test_hidden_documentation_is_off(self):
        endpoints = self.env["fastapi.endpoint"]
        for number in range(4):
            endpoints |= self.create_endpoint(f"/exposed/{number}")
        shown, hidden, unset, changed = endpoints
        changed.docs_access = "user"
        self.env.flush_all()
        cr = self.env.cr
        cr.execute("ALTER TABLE fastapi_endpoint ADD COLUMN expose_doc_urls boolean")
        for endpoint, value in ((shown, True), (hidden, False), (changed, False)):
            cr.execute(
                "UPDATE fastapi_endpoint SET expose_doc_urls = %s WHERE id = %s",
                [value, endpoint.id],
            )
        self.migrate("post", "16.0.2.1.0")
        self.assertEqual(
            endpoints.mapped("docs_access"), ["public", "off", "off", "user"]
        )
        self.assertFalse(unset.docs_url)

    def test_database_without_the_column(self):
        endpoint = self.create_endpoint("/exposed")
        self.migrate("post", "19.0.1.2.0")
        self.assertEqual(endpoint.docs_access, "public")


class TestAuthFields(FastapiHttpCase):
    """Upgraded endpoints authenticate by code and have no values in the new fields."""

    FIELDS = (
        "auth_api_key",
        "auth_basic",
        "auth_session",
        "api_key_header",
        "accept_unscoped_keys",
        "allow_portal_users",
        "run_as",
    )

    def upgrade(self, *endpoints):
        """Put endpoints into the state after an upgrade: the new columns are empty."""
        self.env.flush_all()
        columns = ", ".join(f"{name} = NULL" for name in self.FIELDS)
        self.env.cr.execute("ALTER TABLE fastapi_endpoint ALTER run_as DROP NOT NULL")
        for endpoint in endpoints:
            self.env.cr.execute(
                f"UPDATE fastapi_endpoint SET {columns} WHERE id = %s", [endpoint.id]
            )
        self.env.invalidate_all()
        self.env["fastapi.endpoint"]._init_column("run_as")
        self.env["fastapi.endpoint"]._reset_app()

    def test_demo_auth_method(self):
        endpoints = {
            method: self._create_endpoint(
                f"/before/{method}", app="demo", demo_auth_method=method
            )
            for method in ("api_key", "http_basic")
        }
        self.upgrade(*endpoints.values())
        keys = self.env["res.users.apikeys"].with_user(self.caller).sudo()
        sent = {
            "api_key": {"headers": {"api-key": keys._generate(None, "test", None)}},
            "http_basic": {"auth": self.caller_auth},
        }
        schemes = {"api_key": "APIKeyHeader", "http_basic": "HTTPBasic"}
        for method, endpoint in endpoints.items():
            with self.subTest(method):
                self.assertEqual(endpoint.run_as, "user")
                path = f"/before/{method}/demo"
                self.assertEqual(self.get(path).json(), {"Hello": "World"})
                self.assertEqual(self.get(f"{path}/who_ami").status_code, 401)
                for other, credentials in sent.items():
                    response = self.get(f"{path}/who_ami", **credentials)
                    expected = 200 if other == method else 401
                    self.assertEqual(response.status_code, expected)
                document = self.get(f"/before/{method}/openapi.json").json()
                self.assertEqual(
                    document["components"]["securitySchemes"].keys(), {schemes[method]}
                )
                self.assertEqual(
                    document["paths"]["/demo/who_ami"]["get"]["security"],
                    [{schemes[method]: []}],
                )
                self.assertNotIn("security", document["paths"]["/demo"]["get"])

    def test_overrides_of_an_app(self):
        self.upgrade(self.endpoint)
        partner_id = self.caller.partner_id.id
        self.assertEqual(self.get("/test/partner").status_code, 401)
        response = self.get("/test/partner", auth=self.caller_auth).json()
        self.assertEqual(response, {"id": partner_id, "in_context": partner_id})
        self.assertIsNone(self.get("/test/partner/optional").json())
        response = self.get("/test/partner/optional", auth=self.caller_auth).json()
        self.assertEqual(response, partner_id)
        self.assertEqual(self.get("/test/identity").json()["uid"], self.runner.id)

    def test_auth_of_the_routing_info(self):
        endpoint = self._create_endpoint("/bearer", test_routing={"auth": "bearer"})
        self.upgrade(endpoint)
        keys = self.env["res.users.apikeys"].with_user(self.caller).sudo()
        headers = {"Authorization": f"Bearer {keys._generate(None, 'test', None)}"}
        self.assertEqual(self.get("/bearer/odoo_user").status_code, 401)
        response = self.get("/bearer/odoo_user", headers=headers).json()
        self.assertEqual(response["user"], self.caller.id)
        self.assertEqual(response["runs_as"], self.runner.id)
