# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json

from fastapi import APIRouter

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..routers.backend import router, writes

#: The app that has the router.
APP = "fastapi.app.test_mcp_backend"


class BackendMixin:
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # a route that can't be a tool
        cls.enterClassContext(
            mute_logger("odoo.addons.fastapi_mcp_server.server.middleware")
        )
        cls.endpoint = cls.env["fastapi.endpoint"].create(
            {
                "name": "Toured",
                "app": "test_mcp_backend",
                "root_path": "/toured/agents",
                "auth_api_key": True,
            }
        )

    def get_rows(self, user=None):
        """Return the rows of the list that the button opens, by name."""
        endpoint = self.endpoint.with_user(user) if user else self.endpoint
        action = endpoint.action_open_mcp_tools()
        rows = endpoint.env[action["res_model"]].search(action["domain"])
        return {row.name: row for row in rows}


@tagged("post_install", "-at_install")
class TestList(BackendMixin, TransactionCase):
    def test_tools(self):
        self.endpoint.mcp_server = "all"
        rows = self.get_rows()
        self.assertNotIn("get_hidden", rows)
        find, change = rows["find_notes"], rows["change_note"]
        names = ("kind", "title", "effect", "idempotent", "authenticated", "route")
        for row, values in (
            (find, ("tool", "Find notes", "read", True, False, "GET /notes")),
            (
                change,
                ("tool", "Change Note", "destroy", True, True, "PUT /notes/{note_id}"),
            ),
        ):
            self.assertEqual(tuple(row[name] for name in names), values)
            self.assertFalse(row.refusal)
        self.assertEqual(find.description, "Find notes by their text.\n\nThey are old.")
        self.assertEqual(find.summary, "Find notes by their text.")
        self.assertEqual(
            find.arguments, "text: string. Part of a note.\nlimit: integer = 10"
        )
        self.assertEqual(find.access, "Public")
        self.assertEqual(change.scopes, "notes:write")
        self.assertEqual(change.required_groups, "base.group_user / base.group_portal")

    def test_resources_and_prompts(self):
        self.endpoint.mcp_server = "read"
        rows = self.get_rows()
        rule = rows["odoo://toured/agents/rules/{name}"]
        self.assertEqual(
            (rule.kind, rule.title, rule.arguments, rule.effect, rule.refusal),
            ("resource", "A rule", "name", "read", False),
        )
        prompt = rows["ask_for_notes"]
        self.assertEqual(
            (prompt.kind, prompt.arguments, prompt.refusal),
            ("prompt", "about. A topic.", False),
        )

    def test_routes_that_cannot_be_tools(self):
        self.endpoint.mcp_server = "all"
        (row,) = (row for row in self.get_rows().values() if row.refusal)
        self.assertIn("/notes/files", row.name)
        self.assertFalse(row.kind)

    def test_tools_that_write_where_only_reading_is_allowed(self):
        self.endpoint.mcp_server = "read"
        rows = self.get_rows()
        self.assertFalse(rows["find_notes"].refusal)
        self.assertIn("only offers tools that read", rows["change_note"].refusal)
        self.assertEqual(self.endpoint.mcp_tool_count, 1)
        self.endpoint.mcp_server = "all"
        self.assertEqual(self.endpoint.mcp_tool_count, 2)
        self.endpoint.mcp_server = False
        self.assertEqual(self.endpoint.mcp_tool_count, 0)

    def test_columns(self):
        self.endpoint.mcp_server = "all"
        shown = self.endpoint.action_open_mcp_tools()["context"]
        names = ("show_scopes", "show_required_groups", "show_refusal")
        self.assertEqual(shown, dict.fromkeys(names, True))
        tools = self.env["fastapi.mcp.tool"].search([("name", "=", "find_notes")])
        self.assertEqual(tools._get_shown_columns(), dict.fromkeys(names, False))

    def test_a_second_list_replaces_the_first(self):
        self.endpoint.mcp_server = "all"
        self.get_rows()
        count = len(self.get_rows())
        rows = self.env["fastapi.mcp.tool"].search([])
        self.assertEqual(len(rows), count)

    def test_archived_and_broken_endpoints(self):
        self.endpoint.mcp_server = "all"
        self.endpoint.active = False
        with self.assertRaisesRegex(UserError, "is archived"):
            self.endpoint.action_open_mcp_tools()
        self.assertEqual(self.endpoint.mcp_tool_count, 0)
        self.endpoint.active = True

        def fail(app):
            raise ValueError("no app")

        self.patch(self.registry[APP], "_get_routers", fail)
        self.endpoint._reset_app()
        with self.assertRaisesRegex(UserError, "is broken"):
            self.endpoint.action_open_mcp_tools()
        self.assertEqual(self.endpoint.mcp_tool_count, 0)

    def test_rights(self):
        self.endpoint.mcp_server = "all"
        own = self.get_rows()
        groups = "base.group_user,fastapi.group_fastapi_user"
        user = new_test_user(self.env, "user@test", groups=groups)
        rows = self.get_rows(user)
        self.assertEqual(rows.keys(), own.keys())
        self.assertFalse({row.id for row in rows.values()} & {own["find_notes"].id})
        with self.assertRaises(AccessError):
            own["find_notes"].with_user(user).read(["name"])
        outsider = new_test_user(self.env, "outsider@test")
        with self.assertRaises(AccessError):
            self.get_rows(outsider)
        with self.assertRaises(AccessError):
            self.endpoint.with_user(outsider).action_connect_mcp_client()


@tagged("post_install", "-at_install")
class TestForm(BackendMixin, TransactionCase):
    def test_url(self):
        self.assertFalse(self.endpoint.mcp_url)
        with Form(self.endpoint) as form:
            form.mcp_server = "read"
            url = f"{self.endpoint.get_base_url()}/toured/agents/mcp"
            self.assertEqual(form.mcp_url, url)
            self.assertEqual(form.mcp_tool_count, 1)

    def test_warning_about_tools_that_anyone_may_call(self):
        self.endpoint.mcp_server = "all"
        self.assertFalse(self.endpoint.mcp_warning)
        public = APIRouter()
        public.add_api_route(
            "/wipe",
            lambda: None,
            methods=["DELETE"],
            name="wipe",
            dependencies=[writes],
        )
        routers = [router, public]
        self.patch(self.registry[APP], "_get_routers", lambda app: routers)
        self.endpoint._reset_app()
        self.assertRegex(self.endpoint.mcp_warning, r"which write: \w*wipe\w*\.")
        self.endpoint.mcp_server = "read"
        self.assertFalse(self.endpoint.mcp_warning)

    def test_warning_about_an_endpoint_at_its_url(self):
        self.endpoint.mcp_server = "read"
        path = f"{self.endpoint.root_path}/mcp"
        other = self.env["fastapi.endpoint"].create(
            {"name": "Other", "app": "test", "root_path": path}
        )
        self.endpoint.invalidate_recordset(["mcp_warning"])
        self.assertIn(f"root path {path}.", self.endpoint.mcp_warning)
        other.active = False
        self.endpoint.invalidate_recordset(["mcp_warning"])
        self.assertFalse(self.endpoint.mcp_warning)

    def test_calls_of_agents(self):
        if not self.endpoint.has_agent_log:
            with self.assertRaisesRegex(UserError, "no log of calls"):
                self.endpoint.action_open_agent_calls()
            return
        action = self.endpoint.action_open_agent_calls()
        self.assertFalse(self.env[action["res_model"]].search(action["domain"]))
        columns = (
            self.env[action["res_model"]]
            .with_context(**action["context"])
            .get_view(view_type="list")["arch"]
        )
        self.assertIn("show_agents", columns)


@tagged("post_install", "-at_install")
class TestConnect(BackendMixin, TransactionCase):
    def setUp(self):
        super().setUp()
        self.endpoint.mcp_server = "read"

    def open(self):
        action = self.endpoint.action_connect_mcp_client()
        return Form(self.env[action["res_model"]].with_context(**action["context"]))

    def test_each_client(self):
        form = self.open()
        url = self.endpoint.mcp_url
        self.assertIn(f"claude mcp add --transport http toured-agents {url}", form.text)
        for client, label in type(form._record).client.selection:
            form.client = client
            self.assertIn(url, form.text, label)
            self.assertTrue(form.place, label)

    def test_key(self):
        form = self.open()
        self.assertTrue(form.takes_key)
        self.assertIn("Authorization: Bearer KEY", form.text)
        form.key = " secret "
        self.assertIn("Authorization: Bearer secret'", form.text)
        self.endpoint.api_key_header = "X-API-Key"
        self.assertIn("--header 'X-API-Key: KEY'", self.open().text)

    def test_shown_key_is_not_saved(self):
        # a failed query would log it
        with self.assertNoLogs("odoo.sql_db", "ERROR"):
            shown = self.env["fastapi.mcp.connect"]
            self.assertEqual(shown.web_save({"key": "secret"}, {}), [])

    def test_endpoints_without_keys(self):
        self.endpoint.auth_api_key = False
        form = self.open()
        self.assertFalse(form.takes_key)
        self.assertNotIn("KEY", form.text)
        self.assertEqual(form.auth_text, self.endpoint.auth_summary)

    def test_new_key(self):
        description = self.env["fastapi.endpoint.key.description"].create(
            {
                "endpoint_id": self.endpoint.id,
                "user_id": self.env.ref("base.user_admin").id,
                "name": "Agent",
                "duration": "1",
            }
        )
        key = self.env["fastapi.endpoint.key"].browse()
        context = description._prepare_shown_key(key, "secret")
        form = Form(self.env["fastapi.endpoint.key.show"].with_context(**context))
        form.client = "cursor"
        (server,) = json.loads(form.text)["mcpServers"].values()
        self.assertEqual(server["headers"], {"Authorization": "Bearer secret"})
        # as before where there is no MCP server
        self.endpoint.mcp_server = False
        context = description._prepare_shown_key(key, "secret")
        self.assertNotIn("default_endpoint_id", context)
        form = Form(self.env["fastapi.endpoint.key.show"].with_context(**context))
        self.assertEqual(form.key, "secret")
        self.assertFalse(form.text)


@tagged("post_install", "-at_install")
class TestTour(BackendMixin, HttpCase):
    def test_tour(self):
        self.start_tour("/odoo", "fastapi_mcp_server", login="admin")
        self.assertEqual(self.endpoint.mcp_server, "all")
