# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Who may see and call what."""

from starlette.middleware import Middleware
from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware

from odoo.tests import new_test_user

from .mcp_case import VERSIONS, McpCase

#: Tools that require nothing of the caller.
NEEDS_CALLER = {"for_callers", "for_members", "for_scope"}


class CallerCase(McpCase):
    vals = {"auth_api_key": True}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system = new_test_user(
            cls.env, "system@test", groups="base.group_user,base.group_system"
        )

    def auth(self, user, **options):
        """Return the header with a new key of a user."""
        _record, key = self.env["fastapi.endpoint.key"]._generate(
            endpoint=self.mcp, user=user, name="Made in a test", **options
        )
        return {"Authorization": f"Bearer {key}"}

    def list_tools(self, **options):
        return {tool["name"] for tool in self.ask("tools/list", **options)["tools"]}


class TestCallers(CallerCase):
    def test_anonymous_sees_what_is_for_all(self):
        for version in VERSIONS:
            names = self.list_tools(version=version)
            self.assertIn("for_all", names)
            self.assertFalse(names & NEEDS_CALLER)

    def test_caller_sees_what_is_for_callers(self):
        names = self.list_tools(headers=self.auth(self.caller))
        self.assertEqual(names & NEEDS_CALLER, {"for_callers"})

    def test_member_of_the_group(self):
        headers = self.auth(self.system, scopes="read")
        self.assertLessEqual(NEEDS_CALLER, self.list_tools(headers=headers))
        result = self.call_tool("for_members", headers=headers)
        self.assertEqual(result["structuredContent"], {"result": "member"})

    def test_middleware_that_responds(self):
        """Nothing is shown if the hidden route is not called."""
        middleware = [Middleware(HTTPSRedirectMiddleware)]
        self.patch(
            self.registry["fastapi.app.test_mcp"],
            "_get_middlewares",
            lambda app: middleware,
        )
        self.mcp._reset_app()
        for vals in ({}, {"auth_api_key": False}):
            self.mcp.write(vals)
            self.assertEqual(self.list_tools(), set())

    def test_key_without_a_scope(self):
        headers = self.auth(self.caller, scopes="write")
        names = self.list_tools(headers=headers)
        self.assertEqual(names & NEEDS_CALLER, {"for_callers"})
        self.assertToolError(self.call_tool("for_scope", headers=headers), "scope read")

    def test_no_rights(self):
        headers = self.auth(self.caller)
        result = self.call_tool("for_members", headers=headers)
        self.assertToolError(result, "Only for members of base.group_system.")

    def test_anonymous_calls(self):
        for version in VERSIONS:
            response = self.send("tools/call", {"name": "for_callers"}, version=version)
            self.assertEqual(response.status_code, 401)
            self.assertEqual(response.headers["WWW-Authenticate"], "Bearer")
            error = response.json()["error"]
            self.assertEqual(error["message"], "Not authenticated")
            self.assertEqual(response.json()["id"], 1)
            self.call_tool("for_all", version=version)

    def test_arguments_of_hidden_tools(self):
        """Wrong arguments don't tell which ones a tool has."""
        params = {"name": "for_members", "arguments": {"wrong": 1}}
        for version in VERSIONS:
            for headers in ({}, self.auth(self.caller)):
                response = self.send(
                    "tools/call", params, version=version, headers=headers
                )
                self.assertEqual(
                    response.json()["error"]["message"],
                    "There is no tool 'for_members'. List the tools to see which ones "
                    "you may call.",
                )
            headers = self.auth(self.system)
            result = self.ask("tools/call", params, version=version, headers=headers)
            self.assertToolError(result, "no argument `wrong`")

    def test_wrong_key(self):
        headers = {"Authorization": "Bearer wrong"}
        for version in VERSIONS:
            for method, params in (
                ("tools/list", {}),
                ("ping", {}),
                ("tools/call", {"name": "for_callers"}),
                ("tools/call", {"name": "unknown"}),
            ):
                response = self.send(method, params, version=version, headers=headers)
                self.assertEqual(response.status_code, 401, method)
                self.assertIn("invalid_token", response.headers["WWW-Authenticate"])
                self.assertIn("error", response.json())

    def test_archived_user(self):
        headers = self.auth(self.caller)
        self.caller.active = False
        self.assertEqual(self.send("ping", headers=headers).status_code, 401)


class TestRunAsCaller(CallerCase):
    vals = {**CallerCase.vals, "run_as": "caller"}

    def test_runs_as_the_caller(self):
        headers = self.auth(self.caller)
        for version in VERSIONS:
            result = self.call_tool("who", headers=headers, version=version)
            self.assertEqual(result["structuredContent"]["login"], "caller@test")

    def test_needs_a_caller(self):
        self.assertEqual(self.send("tools/call", {"name": "who"}).status_code, 401)


class TestNothingForAll(CallerCase):
    """The app has no tool for anonymous callers."""

    def test_list(self):
        self.mcp.app = "test_mcp_callers"
        for method in ("server/discover", "tools/list", "ping"):
            response = self.send(method)
            self.assertEqual(response.status_code, 401)
            self.assertEqual(response.headers["WWW-Authenticate"], "Bearer")
        headers = self.auth(self.caller)
        self.assertEqual(self.list_tools(headers=headers), {"for_callers_only"})


class TestSession(CallerCase):
    """Odoo's session, which browsers send from pages of other sites, too."""

    vals = {"auth_session": True, "run_as": "caller"}

    def setUp(self):
        super().setUp()
        self.authenticate("caller@test", "caller's secret")

    def test_page_of_this_site(self):
        result = self.call_tool("who", headers={"Origin": self.base_url()})
        self.assertEqual(result["structuredContent"]["login"], "caller@test")

    def test_no_page(self):
        """A GET inside a POST is as unsafe as the POST."""
        response = self.send("tools/call", {"name": "who"})
        self.assertToolError(response.json()["result"], "this site")

    def test_page_of_an_allowed_site(self):
        """It may call, but not use the session."""
        origin = {"Origin": "https://agent.test"}
        for origins in ("https://agent.test", "*"):
            self.mcp.websocket_origins = origins
            response = self.send("tools/call", {"name": "who"}, headers=origin)
            self.assertToolError(response.json()["result"], "this site")
            self.assertEqual(self.send("tools/list", headers=origin).status_code, 403)


class TestOrigins(McpCase):
    def test_foreign_pages_are_refused(self):
        for origin in ("https://evil.test", "null", "x", ""):
            for version in VERSIONS:
                response = self.send(
                    "tools/call",
                    {"name": "create_item", "arguments": {"name": "tea"}},
                    headers={"Origin": origin},
                    version=version,
                )
                self.assertEqual(response.status_code, 403, origin)
                self.assertIn("may not call", response.json()["error"]["message"])
        self.assertEqual(self.names(), [])

    def test_allowed_pages(self):
        self.mcp.websocket_origins = "https://agent.test"
        for origin in (self.base_url(), "https://agent.test", "https://AGENT.test:443"):
            self.ask("ping", headers={"Origin": origin}, version=VERSIONS[1])

    def test_pages_of_all_sites(self):
        self.mcp.websocket_origins = "*"
        self.call_tool("who", headers={"Origin": "https://any.test"})
