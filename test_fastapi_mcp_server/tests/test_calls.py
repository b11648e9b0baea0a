# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from .mcp_case import HANDSHAKE, VERSIONS, McpCase


class TestCalls(McpCase):
    def test_result(self):
        for version in VERSIONS:
            with self.subTest(version):
                arguments = {"limit": 1}
                result = self.call_tool("list_many", arguments, version=version)
                expected = {"count": 1, "items": [{"id": 0, "name": "item 0 "}]}
                self.assertEqual(result["structuredContent"], expected)
                self.assertFalse(result.get("isError"))
                text = '{"count":1,"items":[{"id":0,"name":"item 0 "}]}'
                self.assertEqual(self.get_text(result), text)

    def test_list_is_wrapped(self):
        result = self.call_tool("list_words")
        self.assertEqual(result["structuredContent"], {"result": ["word", "word"]})

    def test_plain_text(self):
        result = self.call_tool("get_text")
        self.assertEqual(self.get_text(result), "ééééé")

    def test_files(self):
        (block,) = self.call_tool("get_picture")["content"]
        self.assertEqual(
            block, {"type": "image", "data": "iVBORw==", "mimeType": "image/png"}
        )
        (block,) = self.call_tool("get_picture", {"kind": "application/pdf"})["content"]
        self.assertEqual(block["resource"]["blob"], "iVBORw==")
        self.assertEqual(block["resource"]["mimeType"], "application/pdf")

    def test_nothing(self):
        self.assertEqual(self.get_text(self.call_tool("get_nothing")), "Done.")

    def test_headers_of_the_route(self):
        params = {"name": "create_item", "arguments": {"name": "tea"}}
        origin = {"Origin": "https://agent.test"}
        self.mcp.websocket_origins = "https://agent.test"
        for version in VERSIONS:
            params["arguments"]["name"] = f"tea {version}"
            response = self.send("tools/call", params, version=version, headers=origin)
            headers = response.headers
            self.assertTrue(headers["X-Item"])
            self.assertEqual(
                headers["Access-Control-Allow-Origin"], "https://agent.test"
            )
            self.assertEqual(headers["Content-Type"], "application/json")
            self.assertNotIn("Location", headers)

    def test_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        headers = {"Accept-Language": "fr"}
        result = self.call_tool("who", headers=headers)
        self.assertEqual(result["structuredContent"]["lang"], "fr_FR")

    def test_unknown_tool(self):
        response = self.send("tools/call", {"name": "drop", "arguments": {}})
        error = response.json()["error"]
        self.assertEqual(error["code"], -32602)
        self.assertEqual(
            error["message"],
            "There is no tool 'drop'. List the tools to see which ones you may call.",
        )

    def test_unknown_method(self):
        error = self.send("tools/drop").json()["error"]
        self.assertEqual(error["code"], -32601)

    def test_no_message(self):
        for body in (b"", b"{", b"[]", b"null", b'"x"', b"[" * 100_000, b"\xff"):
            headers = {
                "Content-Type": "application/json",
                "Accept": "application/json",
            }
            for version in VERSIONS:
                headers["MCP-Protocol-Version"] = version
                response = self.post("/mcp-test/mcp", data=body, headers=headers)
                self.assertEqual(response.status_code, 400, body[:10])
                self.assertIn("error", response.json())

    def test_notification(self):
        for version in VERSIONS:
            response = self.send(
                "notifications/initialized", version=version, number=None
            )
            self.assertEqual(response.status_code, 202)
            self.assertEqual(response.content, b"")

    def test_tool_as_a_notification_is_not_called(self):
        params = {"name": "create_item", "arguments": {"name": "tea"}}
        for version in VERSIONS:
            response = self.send("tools/call", params, version=version, number=None)
            self.assertEqual(response.status_code, 202)
        self.assertEqual(self.names(), [])

    def test_other_methods_of_http(self):
        for method in ("GET", "DELETE", "PUT", "HEAD"):
            response = self.call(method, "/mcp-test/mcp")
            self.assertEqual(response.status_code, 405)
            self.assertEqual(response.headers["Allow"], "POST")

    def test_preflight(self):
        names = {
            "Authorization",
            "Content-Type",
            "Mcp-Protocol-Version",
            "Mcp-Method",
            "Mcp-Name",
        }
        headers = {
            "Origin": "https://agent.test",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": ", ".join(sorted(names)),
        }
        response = self.call("OPTIONS", "/mcp-test/mcp", headers=headers)
        self.assertEqual(response.status_code, 200)
        allowed = response.headers["Access-Control-Allow-Headers"].split(", ")
        self.assertLessEqual(names, set(allowed))

    def test_is_not_in_the_documentation(self):
        document = self.get("/mcp-test/openapi.json").json()
        self.assertNotIn("/mcp", document["paths"])
        self.assertIn("/items", document["paths"])

    def test_switched_off(self):
        self.mcp.mcp_server = False
        self.assertEqual(self.send("tools/list").status_code, 404)

    def test_handshake(self):
        params = {
            "protocolVersion": HANDSHAKE,
            "capabilities": {},
            "clientInfo": {"name": "tests", "version": "1"},
        }
        self.mcp.description = "About items."
        response = self.send("initialize", params, version=HANDSHAKE)
        result = response.json()["result"]
        self.assertNotIn("Mcp-Session-Id", response.headers)
        self.assertEqual(result["protocolVersion"], HANDSHAKE)
        self.assertEqual(
            result["serverInfo"], {"name": "Test at /mcp-test", "version": "2.1"}
        )
        self.assertEqual(result["instructions"], "About items.")
        self.assertEqual(set(result["capabilities"]) & {"tools"}, {"tools"})

    def test_discover(self):
        result = self.ask("server/discover")
        self.assertIn("2026-07-28", result["supportedVersions"])
        self.assertEqual(
            set(result["capabilities"]) & {"tools", "prompts", "resources"},
            {"tools", "prompts", "resources"},
        )

    def test_only_tools_that_read(self):
        self.mcp.mcp_server = "read"
        names = {tool["name"] for tool in self.ask("tools/list")["tools"]}
        self.assertIn("who", names)
        self.assertNotIn("create_item", names)
        response = self.send(
            "tools/call", {"name": "create_item", "arguments": {"name": "tea"}}
        )
        self.assertEqual(response.json()["error"]["code"], -32602)
        self.assertEqual(self.names(), [])

    def test_annotations(self):
        tools = {tool["name"]: tool for tool in self.ask("tools/list")["tools"]}
        self.assertEqual(
            tools["create_item"]["annotations"] | {"title": None},
            {
                "title": None,
                "readOnlyHint": False,
                "destructiveHint": False,
                "idempotentHint": False,
            },
        )
        self.assertTrue(tools["who"]["annotations"]["readOnlyHint"])
        self.assertEqual(tools["create_item"]["description"], "Create an item.")
        self.assertEqual(tools["create_item"]["inputSchema"]["required"], ["name"])
        self.assertEqual(tools["list_many"]["outputSchema"]["type"], "object")

    def test_existing_app(self):
        self._create_endpoint("/mcp-existing", app="test_mcp_existing")
        path = "/mcp-existing/mcp"
        names = {tool["name"] for tool in self.ask("tools/list", path=path)["tools"]}
        self.assertIn("create_item", names)
        result = self.call_tool("create_item", {"name": "tea"}, path=path)
        self.assertEqual(result["structuredContent"]["name"], "tea")

    def test_new_routes(self):
        """The server follows changes of the app."""
        self.ask("tools/list")
        app = self.env["fastapi.endpoint"].get_app("/mcp-test").app
        from odoo.addons.fastapi_mcp_server.tools import mcp_tool

        @app.get("/added", dependencies=[mcp_tool(name="added")])
        def added() -> str:
            return "new"

        self.ask("tools/list")
        names = {tool["name"] for tool in self.ask("tools/list")["tools"]}
        self.assertIn("added", names)
        self.assertEqual(self.get_text(self.call_tool("added")), '"new"')


class TestResources(McpCase):
    def test_resources(self):
        for version in VERSIONS:
            (resource,) = self.ask("resources/list", version=version)["resources"]
            self.assertEqual(resource["uri"], "odoo://mcp-test/rules")
            (template,) = self.ask("resources/templates/list", version=version)[
                "resourceTemplates"
            ]
            self.assertEqual(template["uriTemplate"], "odoo://mcp-test/notes/{name}")
            (contents,) = self.ask(
                "resources/read", {"uri": "odoo://mcp-test/rules"}, version=version
            )["contents"]
            self.assertEqual(contents["text"], "Be kind.")
            (contents,) = self.ask(
                "resources/read", {"uri": "odoo://mcp-test/notes/x"}, version=version
            )["contents"]
            self.assertEqual(contents["text"], '{"note":"x"}')

    def test_missing_resource(self):
        for uri in ("odoo://mcp-test/notes/missing", "odoo://other"):
            for version, code in zip(VERSIONS, (-32602, -32002), strict=True):
                response = self.send("resources/read", {"uri": uri}, version=version)
                self.assertEqual(response.json()["error"]["code"], code)

    def test_prompts(self):
        for version in VERSIONS:
            prompts = self.ask("prompts/list", version=version)["prompts"]
            self.assertEqual([item["name"] for item in prompts], ["greet", "talk"])
            params = {"name": "greet", "arguments": {"name": "Eve"}}
            (message,) = self.ask("prompts/get", params, version=version)["messages"]
            self.assertEqual(message["content"]["text"], "Greet Eve.")
            result = self.ask("prompts/get", {"name": "talk"}, version=version)
            self.assertEqual(result["description"], "A conversation")
            self.assertEqual(
                [item["role"] for item in result["messages"]], ["user", "assistant"]
            )

    def test_wrong_prompts(self):
        for params in ({"name": "greet"}, {"name": "other"}):
            error = self.send("prompts/get", params).json()["error"]
            self.assertEqual(error["code"], -32602)
