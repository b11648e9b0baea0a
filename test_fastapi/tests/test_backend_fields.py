# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Change log, addresses and routes of endpoints in the backend, and access to them."""

import shlex

from odoo.exceptions import AccessError, UserError

from odoo.addons.test_fastapi.models.fastapi_endpoint import BREAKS_PARAM

from .backend_case import BackendCase


class TestChanges(BackendCase):
    def _changes(self):
        self.env.flush_all()
        self.env.invalidate_all()
        return [
            (change.author_id, change.field_label, change.old_value, change.new_value)
            for change in self.endpoint.with_user(self.manager).change_ids
        ]

    def test_changes_are_logged(self):
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

    def test_changes_of_active_and_groups(self):
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

    def test_zero_is_logged_as_a_value(self):
        self.endpoint.test_max_content_length = 5
        self.endpoint.test_max_content_length = 0
        values = [change[2:] for change in self._changes()]
        self.assertEqual(values, [("5", "0"), ("0", "5")])

    def test_reset_of_the_app_is_not_logged(self):
        self.endpoint._reset_app()
        self.endpoint.description = False
        self.assertEqual(self._changes(), [])

    def test_values_of_restricted_fields_are_not_logged(self):
        field = self.endpoint._fields["description"]
        self.patch(field, "groups", "base.group_system")
        self.endpoint.description = "secret"
        self.assertEqual(
            self._changes(), [(self.env.user, "Description", False, False)]
        )

    def test_access_to_changes(self):
        self.endpoint.name = "Other"
        change = self.endpoint.change_ids
        for user in (self.user, self.outsider, self.runner):
            with self.assertRaises(AccessError):
                change.with_user(user).read(["new_value"])
        for operation in ("create", "write", "unlink"):
            self.assertFalse(change.with_user(self.manager).has_access(operation))
        self.endpoint.company_id = self.env["res.company"].create({"name": "There"})
        with self.assertRaises(AccessError):
            change.with_user(self.manager).read(["new_value"])

    def test_change_of_an_uninstalled_field(self):
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

    def test_description_is_sanitized(self):
        self.endpoint.description = (
            "<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\n"
            "[link](javascript:alert(1)) [data](data:text/html,x)"
        )
        html = str(self.endpoint.description_html)
        for dangerous in ("<script", "<img", 'href="javascript', 'href="data'):
            self.assertNotIn(dangerous, html)
        self.assertIn("&lt;script&gt;", html)

    def test_buttons_open_pages(self):
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
            rows.filtered("docs_fragment").mapped(lambda row: (row.method, row.path)),
            [
                ("WS" if "101" in item[method]["responses"] else method.upper(), path)
                for path, item in paths.items()
                for method in item
            ],
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
        context = self.endpoint.with_user(self.user).action_open_routes()["context"]
        expected = {
            "show_summary": True,
            "show_tags": True,
            "show_scopes": True,
            "show_required_groups": False,
            "show_deprecated": False,
        }
        # other addons add columns
        self.assertEqual({name: context.get(name) for name in expected}, expected)

    def test_row_opens_its_documentation(self):
        row = self._rows().filtered(lambda row: row.path == "/partner")
        operation = self.get("/test/openapi.json").json()["paths"]["/partner"]["get"]
        action = row.action_open_docs()
        self.assertEqual(
            action["url"], f"/test/docs#/identity/{operation['operationId']}"
        )
        self.assertEqual(action["target"], "new")

    def test_websockets(self):
        """Routes that the documentation does not have."""
        rows = self._rows().filtered(lambda row: not row.docs_fragment)
        self.assertEqual(set(rows.mapped("method")), {"WS"})
        by_path = {row.path: row for row in rows}
        self.assertEqual(by_path["/ws/echo"].access, "Public")
        self.assertEqual(by_path["/ws/dependencies"].access, "HTTPBasic")
        self.assertIn("Send whether there is", by_path["/ws/request"].summary)
        self.assertNotIn("/messages/feed", by_path)
        self.assertEqual(by_path["/ws/echo"].action_open_docs()["url"], "/test/docs")

    def test_each_user_has_separate_rows(self):
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
            self.endpoint.with_user(self.outsider).action_open_routes()
        with self.assertRaises(AccessError):
            self.env["fastapi.route"].with_user(self.outsider).search([])
        row = self._rows()[0]
        for operation in ("create", "write", "unlink"):
            self.assertFalse(row.has_access(operation))

    def test_rows_show_the_current_routes(self):
        self.assertTrue(self._rows().filtered(lambda row: row.path == "/order"))
        self.endpoint._load_demo_data()
        self.endpoint.write({"app": "demo", "demo_auth_method": "api_key"})
        rows = self._rows()
        self.assertIn("/demo", rows.mapped("path"))
        self.assertEqual(set(rows.mapped("tag")), {"demo"})

    def test_broken_app_has_no_rows(self):
        self.env["ir.config_parameter"].set_param(BREAKS_PARAM, "hook")
        self.endpoint.app = "test_breakable"
        with self.assertRaisesRegex(UserError, "is broken"):
            self._rows()

    def test_list_can_be_grouped(self):
        self._rows()
        model = self.env["fastapi.route"].with_user(self.user)
        for name in ("tag", "method", "access"):
            self.assertTrue(model.formatted_read_group([], [name], ["__count"]))
