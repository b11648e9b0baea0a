# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the backend shows of an endpoint, and to whom."""

import shlex

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.test_fastapi.models.fastapi_endpoint import BREAKS_PARAM

from .common import FastapiHttpCase


class BackendCase(FastapiHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(
            cls.env, "user@test", groups="fastapi.group_fastapi_user"
        )
        cls.manager = new_test_user(
            cls.env, "manager@test", groups="fastapi.group_fastapi_manager"
        )
        cls.nobody = new_test_user(cls.env, "nobody@test")

    def _break(self, how):
        self.env["ir.config_parameter"].set_param(BREAKS_PARAM, how)
        self.env.invalidate_all()


class TestStatus(BackendCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.breakable = cls._create_endpoint("/breakable", app="test_breakable")

    def setUp(self):
        super().setUp()
        self.breakable._reset_app()  # of the test before

    def test_live_and_archived(self):
        self.assertEqual(self.endpoint.state, "live")
        self.endpoint.active = False
        self.assertEqual(self.endpoint.state, "archived")
        self.assertFalse(self.endpoint.build_error)
        self.endpoint.active = True
        self.assertEqual(self.endpoint.state, "live")

    def test_broken_until_mended(self):
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
                self.assertEqual(self.breakable.build_error.strip(), error)
                self._break("")
                self.assertEqual(self.breakable.state, "live")
                self.assertFalse(self.breakable.build_error)
                self.breakable._reset_app()

    def test_place_of_the_error(self):
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
        archived = self._create_endpoint("/archived", active=False)
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

    def test_try_again(self):
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
    def test_failed_build_leaves_nothing(self):
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

    def test_cause_is_for_managers(self):
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
        self.assertEqual(self.breakable.root_path, "/moved")
        self.assertEqual(self.breakable.state, "broken")


class TestRootPathError(BackendCase):
    def _error(self, endpoint=None, **values):
        endpoints = self.env["fastapi.endpoint"].with_user(self.manager)
        return endpoints.new(values, origin=endpoint).root_path_error or ""

    def test_while_it_is_typed(self):
        self._create_endpoint("/archived", active=False)
        for path, expected in (
            ("/web/x", "Odoo itself answers below /web"),
            ("/a b", "letters, digits"),
            (" /test/ ", "taken by the endpoint Test at /test"),
            ("/archived", ""),
            ("/free", ""),
            (False, ""),
        ):
            self.assertIn(expected, self._error(root_path=path) or "")
            self.assertEqual(bool(self._error(root_path=path)), bool(expected), path)
        self.assertEqual(self._error(root_path="/test", active=False), "")

    def test_of_an_endpoint_itself(self):
        self.assertFalse(self.endpoint.root_path_error)
        self.assertEqual(self._error(self.endpoint, root_path="/test"), "")


class TestChanges(BackendCase):
    def _changes(self):
        self.env.flush_all()
        self.env.invalidate_all()
        return [
            (change.author_id, change.field_label, change.old_value, change.new_value)
            for change in self.endpoint.with_user(self.manager).change_ids
        ]

    def test_who_changed_what(self):
        self.assertEqual(self._changes(), [])
        self.endpoint.with_user(self.manager).write(
            {"root_path": "moved/ ", "docs_access": "user", "name": self.endpoint.name}
        )
        self.endpoint.user_id = self.manager
        self.assertEqual(
            self._changes(),
            [
                (self.env.user, "User", self.runner.name, self.manager.name),
                (self.manager, "Documentation for", "Everybody", "Logged-in users"),
                (self.manager, "Root Path", "/test", "/moved"),
            ],
        )

    def test_archive_and_groups(self):
        self.endpoint.docs_group_ids = self.env.ref("base.group_system")
        self.endpoint.active = False
        self.assertEqual(
            self._changes(),
            [
                (self.env.user, "Active", "Yes", "No"),
                (
                    self.env.user,
                    "Documentation Groups",
                    "",
                    self.env.ref("base.group_system").display_name,
                ),
            ],
        )

    def test_zero_is_a_value(self):
        self.endpoint.test_max_content_length = 5
        self.endpoint.test_max_content_length = 0
        values = [change[2:] for change in self._changes()]
        self.assertEqual(values, [("5", "0"), ("0", "5")])

    def test_what_builds_the_app_anew_is_no_change(self):
        self.endpoint._reset_app()
        self.endpoint.description = False
        self.assertEqual(self._changes(), [])

    def test_secrets_stay_out(self):
        field = self.endpoint._fields["description"]
        self.patch(field, "groups", "base.group_system")
        self.endpoint.description = "secret"
        self.assertEqual(
            self._changes(), [(self.env.user, "Description", False, False)]
        )

    def test_who_may_read_it(self):
        self.endpoint.name = "Other"
        change = self.endpoint.change_ids
        for user in (self.user, self.nobody, self.runner):
            with self.assertRaises(AccessError):
                change.with_user(user).read(["new_value"])
        for operation in ("create", "write", "unlink"):
            self.assertFalse(change.with_user(self.manager).has_access(operation))
        self.endpoint.company_id = self.env["res.company"].create({"name": "There"})
        with self.assertRaises(AccessError):
            change.with_user(self.manager).read(["new_value"])

    def test_of_an_addon_that_is_gone(self):
        self.env["fastapi.endpoint.change"].create(
            {"endpoint_id": self.endpoint.id, "field_name": "gone"}
        )
        self.assertEqual(self.endpoint.change_ids.field_label, "gone")


class TestForClients(BackendCase):
    def test_base_url(self):
        self.env["ir.config_parameter"].set_param("web.base.url", "https://h.example")
        self.assertEqual(self.endpoint.base_url, "https://h.example/test")
        self.endpoint.root_path = "/café/v1"
        self.assertEqual(self.endpoint.base_url, "https://h.example/caf%C3%A9/v1")
        typing = self.env["fastapi.endpoint"].new({"root_path": " api//v1? "})
        self.assertEqual(typing.base_url, "https://h.example/api/v1%3F")
        typing.root_path = False
        self.assertFalse(typing.base_url)

    def test_curl_example_can_be_run(self):
        base_url = self.base_url()
        self.env["ir.config_parameter"].set_param("web.base.url", base_url)
        for endpoint in (
            self.endpoint,
            self._create_endpoint("/café", app="demo", demo_auth_method="api_key"),
        ):
            program, url = shlex.split(endpoint.curl_example)
            self.assertEqual(program, "curl")
            self.assertTrue(url.startswith(f"{endpoint.base_url}/"))
            self.assertEqual(self.get(url.removeprefix(base_url)).status_code, 200)

    def test_curl_example_without_a_simple_route(self):
        self.patch(
            type(self.env["fastapi.endpoint"]),
            "_get_fastapi_routers",
            lambda endpoint: [],
        )
        self.endpoint.app = "test_middleware"
        self.assertEqual(
            self.endpoint.curl_example,
            f"curl {self.endpoint.base_url}/openapi.json",
        )
        self.endpoint.active = False
        self.assertFalse(self.endpoint.curl_example)

    def test_description_is_rendered(self):
        self.endpoint.description = (
            "# Title\n\nSome **bold** `code`\n\n| a |\n| - |\n| b |\n"
        )
        html = str(self.endpoint.description_html)
        for expected in (
            "<h1>Title</h1>",
            "<strong>bold</strong>",
            "<code>code</code>",
            "<td>b</td>",
            '<table class="table table-sm w-auto">',
        ):
            self.assertIn(expected, html)
        self.assertEqual(self.endpoint.description[0], "#")
        self.endpoint.description = False
        self.assertFalse(self.endpoint.description_html)

    def test_description_is_harmless(self):
        self.endpoint.description = (
            "<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\n"
            "[link](javascript:alert(1)) [data](data:text/html,x)"
        )
        html = str(self.endpoint.description_html)
        for dangerous in ("<script", "<img", 'href="javascript', 'href="data'):
            self.assertNotIn(dangerous, html)
        self.assertIn("&lt;script&gt;", html)

    def test_pages_that_buttons_open(self):
        endpoint = self.endpoint.with_user(self.user)
        for action, path, content in (
            (endpoint.action_open_docs(), "/test/docs", "swagger-ui"),
            (endpoint.action_open_redoc(), "/test/redoc", "<redoc"),
            (endpoint.action_open_openapi(), "/test/openapi.json", '"openapi"'),
        ):
            self.assertEqual(action["type"], "ir.actions.act_url")
            self.assertEqual(action["target"], "new")
            self.assertEqual(action["url"], path)
            self.assertIn(content, self.get(path).text)


class TestRoutes(BackendCase):
    def _rows(self, user=None):
        endpoint = self.endpoint.with_user(user or self.user)
        action = endpoint.action_open_routes()
        self.assertEqual(action["res_model"], "fastapi.route")
        return endpoint.env["fastapi.route"].search(action["domain"])

    def test_all_operations_of_the_documentation(self):
        rows = self._rows()
        paths = self.get("/test/openapi.json").json()["paths"]
        self.assertEqual(
            rows.mapped(lambda row: (row.method, row.path)),
            [(method.upper(), path) for path, item in paths.items() for method in item],
        )
        self.assertEqual(self.endpoint.route_count, len(rows))
        partner = rows.filtered(lambda row: row.path == "/partner")
        self.assertTrue(partner.authenticated)
        self.assertFalse(rows[0].deprecated)
        order = rows.filtered(lambda row: row.path == "/order")
        self.assertFalse(order.authenticated)
        self.assertEqual(order.access, "Public")
        self.assertEqual(partner.access, "HTTPBasic")
        self.assertFalse(partner.stage)
        partner.sudo().deprecated = True
        self.assertEqual(partner.stage, "deprecated")

    def test_columns_without_a_value_are_hidden(self):
        action = self.endpoint.with_user(self.user).action_open_routes()
        self.assertEqual(
            action["context"],
            {
                "show_summary": True,
                "show_tags": True,
                "show_scopes": False,
                "show_required_groups": False,
                "show_deprecated": False,
            },
        )

    def test_place_in_the_documentation(self):
        row = self._rows().filtered(lambda row: row.path == "/partner")
        operation = self.get("/test/openapi.json").json()["paths"]["/partner"]["get"]
        action = row.action_open_docs()
        self.assertEqual(
            action["url"], f"/test/docs#/identity/{operation['operationId']}"
        )
        self.assertEqual(action["target"], "new")

    def test_each_user_has_rows_of_their_own(self):
        rows = self._rows()
        others = self._rows(self.manager)
        self.assertFalse(rows._ids and set(rows._ids) & set(others._ids))
        self.assertEqual(
            self.env["fastapi.route"].with_user(self.user).search([]).ids, rows.ids
        )
        with self.assertRaises(AccessError):
            others.with_user(self.user).read(["path"])
        again = self._rows()
        self.assertFalse(rows.exists())
        self.assertEqual(len(again), len(others))

    def test_rights(self):
        with self.assertRaises(AccessError):
            self.endpoint.with_user(self.nobody).action_open_routes()
        with self.assertRaises(AccessError):
            self.env["fastapi.route"].with_user(self.nobody).search([])
        row = self._rows()[0]
        for operation in ("create", "write", "unlink"):
            self.assertFalse(row.has_access(operation))

    def test_current_routes(self):
        self.assertTrue(self._rows().filtered(lambda row: row.path == "/order"))
        self.endpoint._load_demo_data()
        self.endpoint.write({"app": "demo", "demo_auth_method": "api_key"})
        rows = self._rows()
        self.assertIn("/demo", rows.mapped("path"))
        self.assertEqual(set(rows.mapped("tag")), {"demo"})

    def test_broken_app_has_none(self):
        self.env["ir.config_parameter"].set_param(BREAKS_PARAM, "hook")
        self.endpoint.app = "test_breakable"
        with self.assertRaisesRegex(UserError, "is broken"):
            self._rows()

    def test_list_can_be_grouped(self):
        self._rows()
        model = self.env["fastapi.route"].with_user(self.user)
        for name in ("tag", "method", "access"):
            self.assertTrue(model.formatted_read_group([], [name], ["__count"]))


@tagged("post_install", "-at_install")
class TestUserWarning(TransactionCase):
    def _warning(self, user, **vals):
        return (
            self.env["fastapi.endpoint"]
            .new({"user_id": user.id, **vals})
            ._get_user_warning()
            or ""
        )

    def _user(self, login, groups):
        return new_test_user(self.env, login, groups=groups)

    def test_too_many_rights(self):
        for user, expected in (
            (self.env.ref("base.user_root"), "administers"),
            (self._user("a", "base.group_system"), "administers"),
            (self._user("b", "base.group_erp_manager"), "manages users"),
        ):
            self.assertIn(expected, self._warning(user))
            self.assertIn(user.display_name, self._warning(user))

    def test_no_rights(self):
        for user in (
            self.env.ref("base.public_user"),
            self._user("c", "base.group_portal"),
            self._user("d", "base.group_user"),
        ):
            self.assertIn("or the partner who calls. Routes", self._warning(user))
            warning = self._warning(user, run_as="caller")
            self.assertIn("can't read this endpoint. Routes", warning)

    def test_rights_of_a_runner(self):
        runner = "fastapi.group_fastapi_endpoint_runner"
        user = self._user("e", runner)
        self.assertFalse(self._warning(user))
        user.group_ids += self.env.ref("base.group_system")
        self.assertIn("administers", self._warning(user))
        self.assertFalse(self._warning(self._user("f", f"base.group_user,{runner}")))

    def test_default_of_a_new_endpoint(self):
        form = Form(self.env["fastapi.endpoint"])
        self.assertEqual(form.user_id, self.env.ref("base.public_user"))
        self.assertFalse(form.user_warning)
        form.user_id = self.env.ref("base.user_admin")
        self.assertIn("administers", form.user_warning)

    def test_no_user(self):
        self.assertFalse(self.env["fastapi.endpoint"].new({"user_id": False}).user_id)
        self.assertFalse(self._warning(self.env["res.users"]))


class TestWarningIsTrue(FastapiHttpCase):
    def test_public_user(self):
        self._create_endpoint(
            "/demo1",
            app="demo",
            demo_auth_method="http_basic",
            user_id=self.env.ref("base.public_user").id,
        )
        for path, status in (("/demo", 200), ("/demo/who_ami", 403)):
            response = self.get(f"/demo1{path}", auth=self.caller_auth)
            self.assertEqual(response.status_code, status, path)


@tagged("post_install", "-at_install")
class TestCompanies(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.here = cls.env.company
        cls.there = cls.env["res.company"].create({"name": "There"})
        cls.manager = new_test_user(
            cls.env, "manager@test", groups="fastapi.group_fastapi_manager"
        )
        cls.endpoints = cls.env["fastapi.endpoint"].create(
            [
                {
                    "name": path,
                    "app": "test",
                    "root_path": path,
                    "company_id": company.id,
                }
                for path, company in (
                    ("/here", cls.here),
                    ("/there", cls.there),
                    ("/anywhere", cls.env["res.company"]),
                )
            ]
        )

    def _seen(self, *companies):
        model = self.env["fastapi.endpoint"].with_user(self.manager)
        model = model.with_context(allowed_company_ids=[c.id for c in companies])
        domain = [("id", "in", self.endpoints.ids)]
        return sorted(model.search(domain).mapped("name"))

    def test_endpoints_of_my_companies(self):
        self.assertEqual(self._seen(self.here), ["/anywhere", "/here"])
        self.manager.company_ids += self.there
        self.assertEqual(self._seen(self.there), ["/anywhere", "/there"])
        self.assertEqual(
            self._seen(self.here, self.there), ["/anywhere", "/here", "/there"]
        )

    def test_all_are_served(self):
        model = self.env["fastapi.endpoint"].with_user(self.manager)
        for path in ("/here", "/there", "/anywhere"):
            self.assertEqual(model.get_app(path).root_path, path)

    def test_taken_by_another_company(self):
        with self.assertRaisesRegex(UserError, "taken by the endpoint"):
            self.env["fastapi.endpoint"].with_user(self.manager).create(
                {"name": "x", "app": "test", "root_path": "/there"}
            )


@tagged("post_install", "-at_install")
class TestActions(TransactionCase):
    def test_duplicate_and_archive(self):
        manager = new_test_user(
            self.env, "manager@test", groups="fastapi.group_fastapi_manager"
        )
        endpoint = (
            self.env["fastapi.endpoint"]
            .with_user(manager)
            .create({"name": "First", "app": "test", "root_path": "/first"})
        )
        copy = endpoint.copy()
        self.assertEqual(copy.root_path, "/first-copy")
        self.assertEqual(copy.state, "live")
        copy.action_archive()
        self.assertEqual(copy.state, "archived")
        copy.action_unarchive()
        self.assertEqual(copy.state, "live")

    def test_groups_of_the_list(self):
        model = self.env["fastapi.endpoint"]
        for name in ("app", "user_id", "company_id", "route_group", "active"):
            model.formatted_read_group([], [name], ["__count"])
