# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from unittest.mock import patch

from .common import FastapiHttpCase


class TestLifeOfAnApp(FastapiHttpCase):
    def _title(self, root_path="/test"):
        return self.get(f"{root_path}/openapi.json").json()["info"]["title"]

    def test_new_endpoint_is_served_at_once(self):
        self.assertEqual(self.get("/new/identity").status_code, 404)
        endpoint = self._create_endpoint("/new")
        self.assertEqual(self.get("/new/identity").status_code, 200)

        endpoint.root_path = "/moved/away"
        self.assertEqual(self.get("/new/identity").status_code, 404)
        self.assertEqual(self.get("/moved/away/identity").status_code, 200)

        endpoint.active = False
        response = self.get("/moved/away/identity")
        self.assertEqual(response.status_code, 404)
        self.assertEqual(response.json(), {"detail": "Not Found"})

        endpoint.active = True
        self.assertEqual(self.get("/moved/away/identity").status_code, 200)

        endpoint.unlink()
        self.assertEqual(self.get("/moved/away/identity").status_code, 404)

    def test_changes_are_served_at_once(self):
        endpoint = self._create_endpoint("/changing")
        self.assertEqual(self._title("/changing"), "Test at /changing")
        endpoint.name = "New title"
        self.assertEqual(self._title("/changing"), "New title")

        endpoint.user_id = self.env.ref("base.user_admin")
        response = self.get("/changing/identity").json()
        self.assertEqual(response["uid"], self.env.ref("base.user_admin").id)

        company = self.env["res.company"].create({"name": "Another company"})
        endpoint.user_id.company_ids += company
        endpoint.company_id = company
        self.assertEqual(self.get("/changing/identity").json()["company"], company.id)

        self.assertIn("/order", self.get("/changing/openapi.json").json()["paths"])
        endpoint._load_demo_data()
        endpoint.write({"app": "demo", "demo_auth_method": "api_key"})
        paths = self.get("/changing/openapi.json").json()["paths"]
        self.assertIn("/demo", paths)
        self.assertNotIn("/order", paths)

    def test_endpoint_without_routing_info_does_not_affect_others(self):
        model = type(self.endpoint)
        original = model._get_routing_info

        def get_routing_info(endpoint):
            if endpoint.root_path == "/broken":
                raise ValueError("no routing today")
            return original(endpoint)

        with (
            patch.object(model, "_get_routing_info", get_routing_info),
            self.assertLogs("odoo.addons.fastapi", "ERROR") as logs,
        ):
            broken = self._create_endpoint("/broken")
            self.assertEqual(self.get("/broken/identity").status_code, 404)
            self.assertEqual(self.get("/test/identity").status_code, 200)
        self.assertIn(str(broken), logs.output[0])
        self.assertIn("no routing today", logs.output[0])

        broken.route_group = "fixed"
        self.assertEqual(self.get("/broken/identity").status_code, 200)

    def test_archived_endpoints_respond_with_json(self):
        for path in ("/old", "/test/old", "/logo"):
            self._create_endpoint(path, active=False)
        self._create_endpoint("/old/new")
        built = self.env["fastapi.endpoint"]._get_built_apps()._slots
        before = set(built)
        for path in ("/old", "/old/", "/old/identity?x=1"):
            for method in ("GET", "POST", "DELETE"):
                response = self.call(method, path)
                self.assertEqual(response.status_code, 404, path)
                self.assertEqual(response.json(), {"detail": "Not Found"})
        self.assertEqual(set(built), before)
        # other endpoints and Odoo still serve the path
        self.assertEqual(self.get("/old/new/identity").status_code, 200)
        self.assertEqual(self.get("/test/old").json(), {"detail": "Not Found"})
        self.assertIn("image/", self.get("/logo").headers["Content-Type"])
        for path in ("/older", "/unknown"):
            response = self.get(path)
            self.assertEqual(response.status_code, 404)
            self.assertIn("text/html", response.headers["Content-Type"])

    def test_one_app_for_all_urls(self):
        model = self.env["fastapi.endpoint"]
        app = model.get_app("/test/identity")
        for number in range(100):
            self.assertIs(model.get_app(f"/test/items/{number}"), app)
        self.assertIs(model.get_app("/test"), app)
        self.assertIsNone(model.get_app("/unknown"))

    def test_unrelated_changes_do_not_rebuild_an_app(self):
        model = self.env["fastapi.endpoint"]
        app = model.get_app("/test")
        other = self._create_endpoint("/other")
        other.name = "Renamed"
        self.env.registry.clear_all_caches()
        self.env["ir.config_parameter"].set_param("test.fastapi", "changed")
        self.endpoint.route_group = "no part of the app"
        self.assertIs(model.get_app("/test"), app)
        self.endpoint.description = "part of the app"
        self.assertIsNot(model.get_app("/test"), app)

    def test_app_runs_as_the_user_it_was_built_for(self):
        """Between a commit and its signal, a request uses the old mounts."""
        model = self.env["fastapi.endpoint"]
        before = model._get_mounts()
        admin = self.env.ref("base.user_admin")
        self.endpoint.user_id = admin
        model._get_mount_cache().table = before
        model._get_built_apps().retain(())
        self.assertEqual(model.get_uid("/test/identity"), self.runner.id)
        application = model.get_app("/test/identity")
        self.assertEqual(application.uid, admin.id)
        self.assertEqual(model.get_uid("/test/identity"), admin.id)
        self.endpoint.user_id = self.runner
        self.assertEqual(model.get_uid("/test/identity"), self.runner.id)

    def test_app_has_values_of_one_version(self):
        """Odoo matches a request in one transaction and serves it in the next."""
        model = self.env["fastapi.endpoint"]
        before = model._get_mounts()
        title = model.get_app("/test").app.title

        def get_title():
            model._get_mount_cache().table = before
            model._get_built_apps().retain(())
            application = model.get_app("/test/identity")
            return application and application.app.title

        self.endpoint.active = False
        self.assertEqual(get_title(), title)  # the title when the request was matched
        self.endpoint.name = "Renamed"
        self.assertIsNone(get_title())
        other = self._create_endpoint("/test", name="Other")
        self.assertEqual(get_title(), "Other")
        other.app = "test_plain"  # authenticates in another way
        self.assertIsNone(get_title())
        other.root_path = "/elsewhere"
        self.endpoint.active = True
        self.assertEqual(get_title(), "Renamed")
        self.endpoint.unlink()
        self.assertIsNone(get_title())

        model._get_mount_cache().table = before
        self.assertEqual(self.get("/test/identity").status_code, 404)

    def test_reset_app(self):
        model = self.env["fastapi.endpoint"]
        app = model.get_app("/test")
        self.endpoint._reset_app()
        app_2 = model.get_app("/test")
        self.assertIsNot(app_2, app)
        model._reset_app()
        self.assertIsNot(model.get_app("/test"), app_2)

    def test_app_of_a_rolled_back_change_is_discarded(self):
        model = self.env["fastapi.endpoint"]
        app = model.get_app("/test")
        with self.env.cr.savepoint() as savepoint:
            self.endpoint.name = "Never committed"
            changed = model.get_app("/test")
            self.assertEqual(changed.app.title, "Never committed")
            savepoint.rollback()
        self.env.invalidate_all()
        self.env.registry.clear_cache("routing")  # as Odoo does after a rollback
        self.assertEqual(model.get_app("/test").app.title, app.app.title)

    def test_docs_show_the_overrides(self):
        schema = self.get("/test/openapi.json").json()
        self.assertEqual(
            schema["components"]["securitySchemes"],
            {"HTTPBasic": {"type": "http", "scheme": "basic"}},
        )
        self.assertEqual(
            schema["paths"]["/partner"]["get"]["security"], [{"HTTPBasic": []}]
        )
        demo = self._create_endpoint("/demo1", app="demo", demo_auth_method="api_key")
        schemes = "/demo1/openapi.json"
        schemes = self.get(schemes).json()["components"]["securitySchemes"]
        self.assertEqual([scheme["type"] for scheme in schemes.values()], ["apiKey"])
        demo.demo_auth_method = "http_basic"
        schema = demo._get_app().openapi()
        schemes = schema["components"]["securitySchemes"]
        self.assertEqual([scheme["type"] for scheme in schemes.values()], ["http"])

    def test_sync_of_the_registry_is_harmless(self):
        endpoint = self._create_endpoint("/synced", registry_sync=False)
        self.assertTrue(endpoint.registry_sync)
        self.assertEqual(self.get("/synced/identity").status_code, 200)
        endpoint.action_sync_registry()
        endpoint._handle_registry_sync()
        endpoint.registry_sync = True
        self.assertEqual(self.get("/synced/identity").status_code, 200)

    def test_demo_data_can_be_loaded(self):
        self.env["fastapi.endpoint"]._load_demo_data()
        self.env["fastapi.endpoint"]._load_demo_data()
        self.assertEqual(
            self.env.ref("fastapi.fastapi_endpoint_demo").root_path, "/fastapi_demo"
        )
        for path in ("/fastapi_demo/demo", "/fastapi/demo-multi/demo"):
            self.assertEqual(self.get(path).json(), {"Hello": "World"})
