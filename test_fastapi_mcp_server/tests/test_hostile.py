# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Hostile messages to the MCP server of an endpoint, over HTTP."""

import http.client
import json
from concurrent.futures import ThreadPoolExecutor

from odoo.addons.test_fastapi.tests.servers import TIMEOUT

from ..routers.clients import SECRET
from .client_case import ROOT_PATH, ClientCase
from .hostile_messages import (
    ACCEPT,
    BODIES,
    CONTENT_TYPES,
    META,
    PATH_PARTS,
    VALUES,
    make_headers,
    make_message,
)


class HostileCase(ClientCase):
    def send(self, body, headers=(), key=None, method="POST"):
        """Send a body to the MCP server, and check what any response must be."""
        headers = {
            "Accept": ACCEPT,
            "Content-Type": "application/json",
            "Authorization": f"Bearer {key or self.key}",
            **dict(headers),
        }
        response = self.first.request(method, f"{ROOT_PATH}/mcp", body, headers)
        self.check(response, body)
        return response

    def check(self, response, message):
        shown = f"{str(message)[:300]}: {response.status} {response.body[:500]}"
        self.assertLess(response.status, 500, shown)
        self.assertNotIn(b"Traceback", response.body, shown)
        self.assertNotIn(SECRET.encode(), response.body, shown)
        self.assertNotIn("X-Injected", response.headers, shown)

    def send_message(self, method, params=None, headers=(), **options):
        message = make_message(method, params)
        return self.send(
            json.dumps(message), {**make_headers(message), **dict(headers)}, **options
        )

    def send_call(self, name, arguments, **options):
        """Call a tool; return the result, or the error."""
        params = {"name": name, "arguments": arguments}
        response = self.send_message("tools/call", params, **options)
        content = response.json()
        return content.get("result") or content["error"]

    def send_echo(self, arguments, **options):
        """Call the tool that returns the request; return that, None if refused."""
        result = self.send_call("echo", {"name": "x", **arguments}, **options)
        if result.get("isError") or "code" in result:
            return None
        return json.loads(result["content"][0]["text"])


class TestHostile(HostileCase):
    def test_bodies(self):
        for body in BODIES:
            for headers in ({}, {"MCP-Protocol-Version": "2026-07-28"}):
                with self.subTest(body=body[:80], headers=headers):
                    response = self.send(body, headers)
                    if response.status == 200:
                        # a message with a handshake, which has no other revision
                        self.assertIn(b'"jsonrpc":"2.0"', response.body)
                    else:
                        self.assertIn(response.status, (202, 400, 404, 413))

    def test_content_types(self):
        body = json.dumps(make_message("tools/list"))
        headers = make_headers(make_message("tools/list"))
        for content_type in CONTENT_TYPES:
            with self.subTest(content_type):
                self.send(body, {**headers, "Content-Type": content_type})
        for content_type in ("text/plain", "application/x-www-form-urlencoded"):
            # a page of another site can send these without asking
            response = self.send(body, {**headers, "Content-Type": content_type})
            self.assertGreaterEqual(response.status, 400)

    def test_other_methods(self):
        for method in ("GET", "DELETE", "PUT", "PATCH"):
            with self.subTest(method):
                response = self.send(None, method=method)
                self.assertEqual(response.status, 405)
                self.assertIn("POST", response.headers["Allow"])

    def test_headers_contradict_the_message(self):
        for headers in (
            {"Mcp-Method": "tools/list"},
            {"Mcp-Method": "TOOLS/CALL"},
            {"Mcp-Method": ""},
            {"Mcp-Name": "secret"},
            {"Mcp-Name": ""},
            {"MCP-Protocol-Version": "1900-01-01"},
        ):
            with self.subTest(headers):
                params = {"name": "create_item", "arguments": {"name": "tea"}}
                response = self.send_message("tools/call", params, headers)
                self.assertEqual(response.status, 400, response.body)
                self.assertEqual(self.names(), [])

    def test_headers_twice(self):
        message = make_message(
            "tools/call", {"name": "create_item", "arguments": {"name": "tea"}}
        )
        headers = {
            "Accept": ACCEPT,
            "Content-Type": "application/json",
            "Authorization": f"Bearer {self.key}",
            **make_headers(message),
        }
        for name, value in (
            ("Mcp-Method", "tools/list"),
            ("Mcp-Name", "find_items"),
            ("MCP-Protocol-Version", "2025-11-25"),
        ):
            with self.subTest(name):
                connection = http.client.HTTPConnection(
                    "127.0.0.1", self.first.port, timeout=TIMEOUT
                )
                self.addCleanup(connection.close)
                body = json.dumps(message).encode()
                connection.putrequest("POST", f"{ROOT_PATH}/mcp")
                for line in [*headers.items(), (name, value)]:
                    connection.putheader(*line)
                connection.putheader("Content-Length", str(len(body)))
                connection.endheaders(body)
                response = connection.getresponse()
                self.assertEqual(response.status, 400, response.read())
                self.assertEqual(self.names(), [])

    def test_pages_of_other_sites(self):
        for origin in ("https://evil.example", "null", "", "x", "http://127.0.0.1:1"):
            with self.subTest(origin):
                params = {"name": "create_item", "arguments": {"name": "tea"}}
                headers = {"Origin": origin}
                response = self.send_message("tools/call", params, headers)
                self.assertEqual(response.status, 403, response.body)
                self.assertEqual(self.names(), [])
        own = {"Origin": f"http://127.0.0.1:{self.first.port}"}
        self.assertEqual(self.send_message("tools/list", headers=own).status, 200)

    def test_path_parts(self):
        """A path parameter stays one part of the path of its tool."""
        for part in PATH_PARTS:
            with self.subTest(part=part[:80]):
                echoed = self.send_echo({"name": part})
                refused = not part or "/" in part or part == "\ud800"
                self.assertEqual(echoed is None, refused or len(part) > 50_000)
                if echoed is not None:
                    self.assertEqual(echoed["name"], part)
                    self.assertEqual(echoed["method"], "GET")
                    self.assertFalse(echoed["text"])

    def test_arguments_that_are_headers(self):
        """Neither the caller, the host nor the client's address can be an argument."""
        for name in (
            "authorization",
            "Authorization",
            "cookie",
            "Cookie",
            "host",
            "Host",
            "x_forwarded_for",
            "x-forwarded-for",
            "content-length",
            "x-http-method-override",
        ):
            with self.subTest(name):
                result = self.send_call("echo", {"name": "x", name: "other"})
                self.assertTrue(result["isError"])
                self.assertIn(name, result["content"][0]["text"])
        tools = self.send_message("tools/list").json()["result"]["tools"]
        (tool,) = (tool for tool in tools if tool["name"] == "echo")
        properties = {name.lower() for name in tool["inputSchema"]["properties"]}
        for name in ("authorization", "host", "x_forwarded_for"):
            self.assertNotIn(name, properties)

    def test_header_injection(self):
        for value in (
            "a\r\nX-Injected: yes",
            "a\nX-Injected: yes",
            "a\rX-Injected: yes",
            "a\0b",
            "a\r\n\r\nbody",
            "\ud800",
            "é\u2028",
        ):
            with self.subTest(value=value):
                self.assertIsNone(self.send_echo({"x_note": value}))
                echoed = self.send_echo({"flavor": value})
                if echoed is not None:
                    self.assertEqual(echoed["flavor"], value)
                    names = [name for name, _value in echoed["headers"]]
                    self.assertNotIn("x-injected", names)
        self.assertEqual(self.send_echo({"x_note": "plain"})["note"], "plain")
        # a cookie can't add another one
        echoed = self.send_echo({"flavor": "sweet; session_id=x"})
        self.assertEqual(echoed["flavor"], "sweet; session_id=x")
        (cookies,) = (value for name, value in echoed["headers"] if name == "cookie")
        self.assertNotIn("; session_id=x", cookies)

    def test_values(self):
        for value in VALUES:
            for tool, arguments in (
                ("nested", {"value": value}),
                ("find_items", {"name": value, "limit": value}),
                ("create_item", {"name": value, "quantity": value}),
                ("echo", {"name": "x", "text": value}),
                ("count_item", {"item_id": value}),
            ):
                with self.subTest(tool=tool, value=str(value)[:80]):
                    self.send_call(tool, arguments)

    def test_values_about_the_client(self):
        """What a client says of itself ends up in logs, so anything goes."""
        for value in VALUES:
            for key in META:
                with self.subTest(key=key, value=str(value)[:80]):
                    meta = {**META, key: value}
                    self.send_message("tools/list", {"_meta": meta})
            info = {"name": value, "version": value}
            meta = {**META, "io.modelcontextprotocol/clientInfo": info}
            call = {"name": "who_calls", "arguments": {}}
            with self.subTest(info=str(value)[:80]):
                self.send_message("tools/call", {**call, "_meta": meta})
            with self.subTest(token=str(value)[:80]):
                meta = {**META, "progressToken": value}
                call = {"name": "steps", "arguments": {}}
                self.send_message("tools/call", {**call, "_meta": meta})

    def test_method_override(self):
        headers = {"X-HTTP-Method-Override": "POST", "X-Method-Override": "POST"}
        self.assertIsNone(self.send_echo({"_method": "POST"}, headers=headers))
        self.assertEqual(self.send_echo({}, headers=headers)["method"], "GET")
        self.send_call("find_items", {"name": "x"}, headers=headers)
        self.assertEqual(self.names(), [])

    def test_only_reads(self):
        """Where only tools that read are allowed, a name does not help."""
        self.first.rpc(
            "fastapi.endpoint", "write", [self.endpoint_id], {"mcp_server": "read"}
        )
        result = self.send_call("create_item", {"name": "tea"})
        self.assertEqual(result.get("code"), -32602, result)
        self.assertEqual(self.names(), [])

    def test_switched_off(self):
        self.first.rpc(
            "fastapi.endpoint", "write", [self.endpoint_id], {"mcp_server": False}
        )
        self.assertIn(self.send_message("tools/list").status, (404, 405))

    def test_callers_at_the_same_time(self):
        """Each call runs with the rights of its own key."""
        other_id = self.first.rpc(
            "res.users", "copy", [self.user_id], {"login": f"other {self.key}"}
        )
        other_id = other_id[0] if isinstance(other_id, list) else other_id
        self.addCleanup(self.query, "DELETE FROM res_users WHERE id = %s", other_id)
        keys = {self.user_id: self.key, other_id: self.create_key(other_id)}

        def call(number):
            user_id = list(keys)[number % 2]
            result = self.send_call("who_calls", {}, key=keys[user_id])
            return user_id, json.loads(result["content"][0]["text"])["user"]

        with ThreadPoolExecutor(8) as pool:
            for expected, found in pool.map(call, range(100)):
                self.assertEqual(found, expected)

    def test_wrong_keys(self):
        for key in ("x", "\xff", "x" * 5000, "x y", "x, Bearer y"):
            with self.subTest(key=key[:20]):
                response = self.send_message("tools/list", key=key)
                self.assertEqual(response.status, 401)
                self.assertIn("Bearer", response.headers["WWW-Authenticate"])
        response = self.first.request(
            "POST",
            f"{ROOT_PATH}/mcp",
            json.dumps(make_message("tools/list")),
            {
                "Content-Type": "application/json",
                "Accept": ACCEPT,
                **make_headers(make_message("tools/list")),
            },
        )
        self.assertEqual(response.status, 401)
        self.check(response, "")
