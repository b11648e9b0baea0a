# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Apps as classes, their extensions, and overrides on ``fastapi.endpoint``."""

from odoo.exceptions import ValidationError
from odoo.orm.models import MetaModel
from odoo.tests import BaseCase, Form, TransactionCase, new_test_user, tagged

from odoo.addons.fastapi.models import FastapiApp

from ..routers.app_class import existing_app
from .common import FastapiHttpCase


class TestAppClass(FastapiHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.endpoint = cls.env["fastapi.endpoint"].create({"app": "test_class"})

    def openapi(self, root_path="/test-class"):
        return self.get(f"{root_path}/openapi.json").json()

    def test_class_adds_the_selection_entry(self):
        selection = self.endpoint.fields_get(["app"])["app"]["selection"]
        self.assertIn(("test_class", "Test of an app as a class"), selection)

    def test_handlers_see_the_endpoint(self):
        self.assertEqual(
            self.get("/test-class/self").json(),
            {
                "endpoint": self.endpoint.id,
                "limit": 2,  # from the extension
                "title": "Test of an app as a class",
                "user": self.runner.login,
            },
        )

    def test_exception_handler(self):
        response = self.get("/test-class/cup/x")
        self.assertEqual(response.status_code, 418)
        self.assertEqual(response.json(), {"detail": "no cup x"})
        # the handlers of every app
        response = self.post("/test-class/items?name=a&quantity=-1")
        self.assertEqual(response.status_code, 400)
        self.assertEqual(response.json(), {"detail": "Quantity -1 is negative."})

    def test_order_of_calls(self):
        # class, extension, override on fastapi.endpoint
        self.endpoint.docs_access = "public"
        document = self.openapi()
        self.assertEqual(document["info"]["summary"], "class, extension, override")
        self.assertEqual(document["info"]["version"], "2.5")
        self.assertEqual(
            list(document["paths"]),
            ["/self", "/cup/{name}", "/items", "/extra", "/override"],
        )
        response = self.get("/test-class/override")
        self.assertEqual(response.headers["X-Passed"], "inner, class, override")

    def test_change_of_an_app_field_rebuilds_the_app(self):
        self.assertEqual(self.get("/test-class/extra").status_code, 200)
        self.endpoint.test_needs_key = True
        self.assertEqual(self.get("/test-class/extra").status_code, 422)
        response = self.get("/test-class/extra", headers={"X-Key": "1"})
        self.assertEqual(response.status_code, 200)

    def test_change_of_a_routing_field_changes_the_routing(self):
        body = b"x" * 20
        response = self.post("/test-class/items?name=a", data=body)
        self.assertEqual(response.status_code, 200)
        self.endpoint.test_max_content_length = 10
        response = self.post("/test-class/items?name=b", data=body)
        self.assertEqual(response.status_code, 413)

    def test_the_app_is_a_record_of_its_class(self):
        app = self.endpoint._get_app_model()
        self.assertIsInstance(app, FastapiApp)
        self.assertEqual(app._name, "fastapi.app.test_class")
        self.assertEqual(app.endpoint, self.endpoint)
        self.assertEqual(app.with_user(self.runner).endpoint.env.user, self.runner)

    def test_apps_without_a_class(self):
        endpoint = self._create_endpoint("/no-class")
        self.assertEqual(endpoint._get_app_model()._name, "fastapi.app")
        self.assertEqual(self.post("/no-class/items?name=c").status_code, 200)


class TestForm(FastapiHttpCase):
    def test_proposals(self):
        self.start_tour(
            "/odoo/fastapi-endpoints", "fastapi_endpoint_proposals", login="admin"
        )
        endpoint = self.env["fastapi.endpoint"].search([("name", "=", "Typed")])
        self.assertEqual(endpoint.root_path, "/typed")
        self.assertEqual(endpoint.app, "test_class")
        self.assertEqual(endpoint.user_id, self.runner)


class TestExistingApp(FastapiHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.headers = {"X-Key": "1"}
        cls.endpoints = [
            cls._create_endpoint(path, app="test_existing") for path in ("/one", "/two")
        ]

    def test_existing_app_is_served(self):
        for endpoint in self.endpoints:
            path = endpoint.root_path
            response = self.get(f"{path}/number", headers=self.headers)
            self.assertEqual(response.json(), [2, "Existing"])
            self.assertEqual(response.headers["X-Passed"], "existing")
            self.assertEqual(self.get(f"{path}/number").status_code, 422)
            response = self.get(f"{path}/cup", headers=self.headers)
            self.assertEqual(response.status_code, 418)
            response = self.get(f"{path}/more/extra", headers=self.headers)
            self.assertEqual(response.json(), "extension")
            response = self.get(f"{path}/override", headers=self.headers)
            self.assertEqual(response.json(), "override")
            # the dependencies of the app protect the routers of the hooks, too
            for added in ("more/extra", "override"):
                self.assertEqual(self.get(f"{path}/{added}").status_code, 422)

    def test_each_endpoint_has_its_own_app(self):
        for endpoint in self.endpoints:
            response = self.get(f"{endpoint.root_path}/endpoint", headers=self.headers)
            self.assertEqual(response.json(), endpoint.id)

    def test_errors_roll_back(self):
        response = self.post("/one/refused?name=d", headers=self.headers)
        self.assertEqual(response.status_code, 400)
        self.assertEqual(response.json(), {"detail": "refused"})
        self.assertFalse(self.env["test.fastapi.item"].search([("name", "=", "d")]))

    def test_documentation(self):
        document = self.get("/two/openapi.json").json()
        self.assertEqual(document["info"], {"title": "Existing", "version": "7.1"})
        self.assertEqual(document["servers"], [{"url": f"{self.base_url()}/two"}])
        self.assertEqual(
            list(document["paths"]),
            ["/more/extra", "/number", "/cup", "/refused", "/endpoint", "/override"],
        )
        self.assertEqual(self.get("/two/docs").status_code, 200)
        self.endpoints[1].docs_access = "off"
        for page in ("docs", "redoc", "openapi.json"):
            self.assertEqual(self.get(f"/two/{page}").status_code, 404, page)
            self.assertEqual(self.get(f"/one/{page}").status_code, 200, page)

    def test_existing_app_is_not_changed(self):
        before = [
            list(existing_app.router.routes),
            dict(existing_app.dependency_overrides),
            list(existing_app.user_middleware),
            dict(existing_app.exception_handlers),
            dict(existing_app.state._state),
        ]
        self.get("/one/number", headers=self.headers)
        self.assertEqual(
            before,
            [
                existing_app.router.routes,
                existing_app.dependency_overrides,
                existing_app.user_middleware,
                existing_app.exception_handlers,
                existing_app.state._state,
            ],
        )
        self.assertIsNone(existing_app.openapi_schema)


@tagged("post_install", "-at_install")
class TestProposals(TransactionCase):
    """The values that an app proposes for a new endpoint."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.endpoints = cls.env["fastapi.endpoint"]
        cls.runner = cls.env.ref("test_fastapi.user_test_runner")
        cls.public = cls.env.ref("base.public_user")
        cls.manager = new_test_user(
            cls.env, "manager@test", groups="fastapi.group_fastapi_manager"
        )

    def open_form(self):
        return Form(self.endpoints.with_user(self.manager))

    def test_chosen_app_fills_the_form(self):
        with self.open_form() as form:
            form.app = "test_class"
            self.assertEqual(form.root_path, "/test-class")
        endpoint = form.record
        self.assertEqual(endpoint.name, "Test of an app as a class")
        self.assertEqual(endpoint.root_path, "/test-class")
        self.assertEqual(endpoint.user_id, self.runner)
        self.assertEqual(endpoint.docs_access, "group")
        self.assertEqual(endpoint.docs_group_ids, self.env.ref("base.group_system"))
        self.assertEqual(endpoint.description, "All *hooks*.")
        self.assertTrue(endpoint.save_http_session)

    def test_typed_values_are_kept(self):
        form = self.open_form()
        form.name = "Mine"
        form.root_path = "/mine"
        form.user_id = self.manager
        form.docs_access = "off"
        form.app = "test_class"
        self.assertEqual(form.name, "Mine")
        self.assertEqual(form.root_path, "/mine")
        self.assertEqual(form.user_id, self.manager)
        self.assertEqual(form.docs_access, "off")
        self.assertEqual(form.description, "All *hooks*.")

    def test_another_app_replaces_the_proposals(self):
        form = self.open_form()
        form.app = "test_class"
        form.name = "Mine"
        form.app = "test_existing"
        # the proposals of the first app are removed
        self.assertFalse(form.root_path)
        self.assertEqual(form.user_id, self.public)
        self.assertEqual(form.docs_access, "public")
        self.assertFalse(form.docs_group_ids[:])
        self.assertFalse(form.save_http_session)
        self.assertEqual(form.name, "Mine")
        form.app = "test_class"
        self.assertEqual(form.root_path, "/test-class")
        form.root_path = "/test-class-2"
        form.app = "test_existing"
        self.assertEqual(form.root_path, "/test-class-2")

    def test_proposed_path_is_free(self):
        self.endpoints.create({"app": "test_class"})
        form = self.open_form()
        form.app = "test_class"
        self.assertEqual(form.root_path, "/test-class-2")

    def test_existing_endpoint_is_not_changed(self):
        endpoint = self.endpoints.create(
            {"name": "There", "app": "test_existing", "root_path": "/there"}
        )
        with Form(endpoint.with_user(self.manager)) as form:
            form.app = "test_class"
        self.assertEqual(endpoint.name, "There")
        self.assertEqual(endpoint.root_path, "/there")
        self.assertEqual(endpoint.user_id, self.public)

    def test_create(self):
        endpoint = self.endpoints.create({"app": "test_class", "docs_access": "public"})
        self.assertEqual(endpoint.root_path, "/test-class")
        self.assertEqual(endpoint.user_id, self.runner)
        self.assertEqual(endpoint.docs_access, "public")

    def test_defaults_of_the_context_win(self):
        endpoints = self.endpoints.with_context(default_user_id=self.manager.id)
        endpoint = endpoints.create({"app": "test_class"})
        self.assertEqual(endpoint.user_id, self.manager)

    def test_deleted_user_is_not_proposed(self):
        self.runner.unlink()
        form = self.open_form()
        form.app = "test_class"
        self.assertEqual(form.user_id, self.public)

    def test_create_refuses_a_path_in_use(self):
        self.endpoints.create({"app": "test_class"})
        with self.assertRaisesRegex(ValidationError, "/test-class is taken by"):
            self.endpoints.create({"app": "test_class"})


class TestBadClasses(BaseCase):
    def define(self, **attributes):
        attributes["__module__"] = __name__
        attributes["__qualname__"] = "BadApp"
        return type(FastapiApp)("BadApp", (FastapiApp,), attributes)

    def test_name(self):
        for name in (
            "library",
            "fastapi.app",
            "fastapi.app.",
            "fastapi.app.a.b",
            "fastapi.app.A",
            "fastapi.app.1a",
            "fastapi.application.x",
        ):
            with (
                self.subTest(name),
                self.assertRaisesRegex(
                    TypeError, f"test_app_class.BadApp: the _name.* not '{name}'"
                ),
            ):
                self.define(_name=name, _description="x")

    def test_no_name(self):
        with (
            self.assertLogs("odoo.models", "WARNING"),
            self.assertRaisesRegex(
                TypeError, "the _name of an app is fastapi.app.<key>"
            ),
        ):
            self.define(_description="x")

    def test_description(self):
        for description in (None, "", 3):
            with self.assertRaisesRegex(
                TypeError, "BadApp: an app needs a _description"
            ):
                self.define(_name="fastapi.app.bad", _description=description)

    def test_description_is_not_inherited(self):
        with self.assertRaisesRegex(TypeError, "an app needs a _description"):
            self.define(_name="fastapi.app.bad")

    def test_bad_classes_are_not_registered(self):
        names = [cls.__name__ for cls in MetaModel._module_to_models__["test_fastapi"]]
        self.assertNotIn("BadApp", names)

    def test_unregistered_base_class_needs_no_name(self):
        self.define(_register=False)
