# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The status of an endpoint in the backend, and its errors."""

from odoo.exceptions import AccessError
from odoo.tests import Form
from odoo.tools import mute_logger

from .backend_case import BackendCase


class TestStatus(BackendCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.breakable = cls._create_endpoint("/breakable", app="test_breakable")

    def setUp(self):
        super().setUp()
        self.breakable._reset_app()  # set by the previous test

    def test_live_and_archived(self):
        self.assertEqual(self.endpoint.state, "live")
        self.assertTrue(self.endpoint.is_served)
        self.endpoint.active = False
        self.assertEqual(self.endpoint.state, "archived")
        self.assertFalse(self.endpoint.is_served)
        self.assertFalse(self.endpoint.build_error)
        self.endpoint.active = True
        self.assertEqual(self.endpoint.state, "live")

    def test_broken_until_fixed(self):
        for how, error in (
            ("hook", "ValueError: secret of the hook"),
            ("lifespan", "ValueError: secret of the lifespan"),
            ("database", "DivisionByZero: division by zero"),
            ("itself", "ValueError: read itself"),
        ):
            with self.subTest(how), mute_logger("odoo.sql_db"):
                self._break(how)
                both = self.breakable + self.endpoint
                self.assertEqual(both.mapped("state"), ["broken", "live"])
                self.assertEqual(both.mapped("is_served"), [False, True])
                self.assertEqual(self.breakable.build_error.strip(), error)
                self._break("")
                self.assertEqual(self.breakable.state, "live")
                self.assertFalse(self.breakable.build_error)
                self.breakable._reset_app()

    def test_cause_names_the_line(self):
        self._break("hook")
        place = self.breakable.with_user(self.manager).build_error_place
        self.assertRegex(
            place,
            r"/test_fastapi/models/fastapi_endpoint\.py:\d+, in _get_fastapi_routers$",
        )
        with self.assertRaises(AccessError):
            self.breakable.with_user(self.user).read(["build_error_place"])
        self._break("")
        self.assertFalse(self.breakable.build_error_place)

    def test_search_by_status(self):
        archived = self._create_endpoint(self.endpoint.root_path, active=False)
        self._break("hook")
        three = self.breakable + self.endpoint + archived
        endpoints = self.env["fastapi.endpoint"].with_user(self.user)
        endpoints = endpoints.with_context(active_test=False)
        for domain, expected in (
            ([("state", "=", "broken")], self.breakable),
            ([("state", "=", "live")], self.endpoint),
            ([("state", "=", "archived")], archived),
            ([("state", "in", ["live", "broken"])], self.breakable + self.endpoint),
            ([("state", "!=", "live")], self.breakable + archived),
        ):
            found = endpoints.search([("id", "in", three.ids), *domain])
            self.assertEqual(set(found.ids), set(expected.ids), domain)

    def test_try_again_builds_the_app(self):
        self._break("hook")
        endpoint = self.breakable.with_user(self.manager)
        version = endpoint.app_version
        params = endpoint.action_try_again()["params"]
        self.assertEqual(params["type"], "warning")
        self.assertNotEqual(endpoint.app_version, version)
        self._break("")
        params = endpoint.action_try_again()["params"]
        self.assertEqual(params["type"], "success")
        with self.assertRaises(AccessError):
            self.breakable.with_user(self.user).action_try_again()

    @mute_logger("odoo.sql_db")
    def test_failed_build_is_rolled_back(self):
        self._break("database")
        self.breakable.description = "not flushed yet"
        self.assertEqual(self.breakable.state, "broken")
        self.assertFalse(self.env["test.fastapi.item"].search([]))
        self.env.invalidate_all()
        self.assertEqual(self.breakable.description, "not flushed yet")

    def test_broken_routing(self):
        model = type(self.env["fastapi.endpoint"])

        def fail(endpoint):
            raise KeyError("routes")

        self.patch(model, "_get_routing_info", fail)
        self.assertEqual(self.endpoint.state, "broken")
        self.assertEqual(self.endpoint.build_error, "KeyError: 'routes'")

    def test_only_managers_see_the_cause(self):
        self._break("hook")
        endpoint = self.breakable.with_user(self.user)
        self.assertEqual(endpoint.state, "broken")
        with self.assertRaises(AccessError):
            endpoint.read(["build_error"])
        self.assertNotIn("build_error", endpoint.fields_get())
        self.assertNotIn(
            '<field name="build_error"', endpoint.get_view(view_type="form")["arch"]
        )
        endpoint = self.breakable.with_user(self.manager)
        self.assertIn("secret of the hook", endpoint.read()[0]["build_error"])
        self.assertIn(
            '<field name="build_error"', endpoint.get_view(view_type="form")["arch"]
        )

    def test_app_of_the_status_serves_requests(self):
        self.breakable.name = "Built by the backend"
        app = self.breakable._get_built_app()
        self.assertEqual(app.title, "Built by the backend")
        self.assertIs(self.env["fastapi.endpoint"].get_app("/breakable").app, app)

    def test_editing_a_form_builds_nothing(self):
        self._break("hook")
        with Form(self.breakable.with_user(self.manager)) as form:
            form.root_path = "/moved"
            form.user_id = self.env.ref("base.user_admin")
            self.assertIn("administers", form.user_warning)
            form.user_id = self.runner
        self.assertEqual(self.breakable.root_path, "/moved")
        self.assertEqual(self.breakable.state, "broken")


class TestRootPathError(BackendCase):
    def _error(self, endpoint=None, **values):
        endpoints = self.env["fastapi.endpoint"].with_user(self.manager)
        return endpoints.new(values, origin=endpoint).root_path_error or ""

    def test_error_while_typing(self):
        self._create_endpoint("/archived", active=False)
        for path, expected in (
            ("/web/x", "Odoo itself serves paths below /web"),
            ("/a b", "letters, digits"),
            (" /test/ ", "taken by the endpoint Test at /test"),
            ("/archived", ""),
            ("/free", ""),
            (False, ""),
        ):
            self.assertIn(expected, self._error(root_path=path) or "")
            self.assertEqual(bool(self._error(root_path=path)), bool(expected), path)
        self.assertEqual(self._error(root_path="/test", active=False), "")

    def test_own_root_path_is_no_error(self):
        self.assertFalse(self.endpoint.root_path_error)
        self.assertEqual(self._error(self.endpoint, root_path="/test"), "")
