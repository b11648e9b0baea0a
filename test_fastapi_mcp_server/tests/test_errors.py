# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
from unittest.mock import patch

from fastapi import APIRouter

from odoo.addons.fastapi_mcp_server import mcp_tool
from odoo.addons.fastapi_mcp_server.server import handlers

from ..routers.calls import Env
from .mcp_case import VERSIONS, McpCase

router = APIRouter(dependencies=[mcp_tool(read_only=False)])


@router.post("/fail", operation_id="fail")
def fail(env: Env) -> None:
    env["test.fastapi.item"].create({"name": "tea"})
    raise ZeroDivisionError


@router.post("/fail/async", operation_id="fail_async")
async def fail_async(env: Env) -> None:
    fail(env)


class TestErrors(McpCase):
    def test_errors_of_the_route(self):
        self.mute("odoo.http")
        for error, text in (
            ("http", "There is a conflict."),
            ("user", "Not on Sundays."),
            ("bare", "Internal Server Error"),
            ("returned", "This is returned."),
            ("busy", "Too many requests. Try again in 7 seconds."),
        ):
            for version in VERSIONS:
                arguments = {"name": "tea", "error": error}
                result = self.call_tool("create_item", arguments, version=version)
                self.assertToolError(result, text)
                self.assertEqual(self.names(), [], error)

    def test_error_is_logged_once_with_its_route(self):
        arguments = {"name": "tea", "error": "bare"}
        with self.assertLogs("odoo.http", "ERROR") as log:
            self.call_tool("create_item", arguments)
        (record,) = log.records
        self.assertIn("POST /mcp-test/items ", record.getMessage())
        self.assertIn("ZeroDivisionError", record.getMessage())
        self.assertTrue(record.exc_info)

    def test_headers_of_an_error(self):
        params = {"name": "create_item", "arguments": {"name": "tea", "error": "http"}}
        origin = {"Origin": "https://agent.test"}
        self.mcp.websocket_origins = "https://agent.test"
        response = self.send("tools/call", params, headers=origin)
        self.assertEqual(response.headers["X-Reason"], "conflict")
        params["arguments"]["error"] = "bare"
        self.mute("odoo.http")
        for params_ in (params, {"name": "unknown"}):
            response = self.send("tools/call", params_, headers=origin)
            self.assertEqual(
                response.headers["Access-Control-Allow-Origin"], "https://agent.test"
            )

    def test_validation(self):
        result = self.call_tool("check_values", {"number": 0, "word": "x"})
        self.assertToolError(
            result, "number: Input should be greater than or equal to 1"
        )

    def test_arguments_that_make_no_request(self):
        result = self.call_tool("check_values", {"number": 1})
        self.assertToolError(result, "word")
        result = self.call_tool("check_values", {"number": 1, "word": "x", "other": 1})
        self.assertToolError(result, "other")

    def test_arguments_that_are_no_object(self):
        for arguments in ([], "x", 1):
            params = {"name": "who", "arguments": arguments}
            for version in VERSIONS:
                error = self.send("tools/call", params, version=version).json()["error"]
                self.assertEqual(error["code"], -32602)

    def test_committed_error(self):
        arguments = {"name": "tea", "error": "committed"}
        result = self.call_tool("create_item", arguments)
        self.assertToolError(result, "This is noted.")
        self.assertEqual(self.names(), ["tea"])

    def test_too_large(self):
        """Odoo's limit applies, and the client reads why."""
        params = {"name": "create_item", "arguments": {"name": "x" * 2_000_000}}
        self.env["ir.config_parameter"].set_param("web.max_file_upload_size", 1000)
        for version in VERSIONS:
            response = self.send("tools/call", params, version=version)
            self.assertEqual(response.status_code, 413)
            self.assertIn("error", response.json())

    def test_redirect_of_a_resource(self):
        params = {"uri": "odoo://mcp-test/notes/moved"}
        error = self.send("resources/read", params).json()["error"]
        self.assertIn("status 307. Location: /elsewhere", error["message"])

    def test_sdk_logs_nothing(self):
        with self.assertNoLogs("mcp", logging.INFO):
            for version in VERSIONS:
                self.call_tool("who", version=version)
                self.send("notifications/roots", {"x": 1}, version=version, number=None)


class TestInternalErrors(McpCase):
    """Texts of exceptions are for the log."""

    def check(self, tool, version, path="/mcp-test/mcp", **arguments):
        """Call a tool that fails, and return the response."""
        params = {"name": tool, "arguments": arguments}
        with self.assertLogs("odoo.http", "ERROR") as log:
            response = self.send("tools/call", params, version=version, path=path)
        (record,) = log.records
        self.assertIn("ValueError: secret", record.getMessage())
        self.assertTrue(record.exc_info)
        self.assertNotIn("secret", response.text)
        self.assertIn("Internal Server Error", response.text)
        self.assertEqual(self.names(), [])
        return response.json()

    def test_exception_of_an_exception_handler(self):
        def fail_again(request, exc):
            raise ValueError("secret")

        model = self.registry["fastapi.app.test_mcp"]
        self.patch(model, "_get_routers", lambda _app: [router])
        self.patch(
            model, "_get_exception_handlers", lambda _app: {Exception: fail_again}
        )
        self._create_endpoint("/mcp-fails", app="test_mcp", mcp_server="all")
        for tool in ("fail", "fail_async"):
            for version in VERSIONS:
                with self.subTest(f"{tool} {version}"):
                    content = self.check(tool, version, "/mcp-fails/mcp")
                    self.assertTrue(content["result"]["isError"])

    def test_exception_of_the_server(self):
        with patch.object(handlers, "make_result", side_effect=ValueError("secret")):
            for version in VERSIONS:
                with self.subTest(version):
                    content = self.check("create_item", version, name="tea")
                    self.assertEqual(content["error"]["code"], -32603)


class TestLongResults(McpCase):
    vals = {"mcp_max_result": 200}

    def test_list_is_cut_between_items(self):
        result = self.call_tool("list_many", {"limit": 100})
        structured = result["structuredContent"]
        self.assertEqual(structured["count"], 100)
        self.assertIn(len(structured["items"]), range(1, 20))
        text, note = (block["text"] for block in result["content"])
        self.assertLessEqual(len(text), 200)
        self.assertIn(f"the first {len(structured['items'])} of 100 items", note)
        self.assertIn("`limit`, `text`", note)
        self.assertFalse(result.get("isError"))

    def test_item_that_is_too_long(self):
        result = self.call_tool("list_many", {"limit": 1, "text": "x" * 500})
        self.assertToolError(result, "This is only the start")

    def test_text(self):
        result = self.call_tool("get_text", {"size": 150})
        text, note = (block["text"] for block in result["content"])
        self.assertEqual(text, "é" * 100)
        self.assertIn("300 bytes", note)
        self.assertIn("`size`", note)
        self.assertFalse(result.get("isError"))

    def test_file(self):
        result = self.call_tool("get_picture", {"size": 400})
        self.assertIn("image/png", self.get_text(result))
        self.assertIn("400 bytes", self.get_text(result))

    def test_resource(self):
        self.mcp.mcp_max_result = 3
        params = {"uri": "odoo://mcp-test/rules"}
        (contents,) = self.ask("resources/read", params)["contents"]
        self.assertTrue(contents["text"].startswith("Be \n"), contents)

    def test_prompt(self):
        params = {"name": "greet", "arguments": {"name": "x" * 300}}
        error = self.send("prompts/get", params).json()["error"]
        self.assertIn("309 bytes, and at most 200", error["message"])
