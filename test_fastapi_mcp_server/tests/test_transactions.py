# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Calls of tools on a server: commits, rollbacks, replays, streams."""

import json
import socket
import uuid
from http.client import IncompleteRead

from odoo.addons.test_fastapi.tests.server_case import LOCK, ServerCase
from odoo.addons.test_fastapi.tests.servers import Background

from .mcp_case import HANDSHAKE, MODERN, VERSIONS, make_message

PATH = "/mcp-server-test"


class McpServerCase(ServerCase):
    def setUp(self):
        super().setUp()
        self.create_endpoint(self.first, PATH, app="test_mcp", mcp_server="all")
        self.addCleanup(self.query, "SELECT pg_advisory_unlock_all()")
        self.addCleanup(self.query, "DROP TABLE IF EXISTS test_mcp_deferred")

    def send(self, method, params=None, version=MODERN, number=1):
        headers, body = make_message(method, params, version, number)
        return self.first.request("POST", f"{PATH}/mcp", body.encode(), headers)

    def call_tool(self, tool, version=MODERN, /, token=None, **arguments):
        params = {"name": tool, "arguments": arguments}
        if token is not None:
            params["_meta"] = {"progressToken": token}
        return self.send("tools/call", params, version)

    def get_result(self, response):
        self.assertEqual(response.status, 200, response.body)
        content = response.json()
        self.assertIn("result", content, content)
        return content["result"]

    def get_events(self):
        return self.first.request("GET", f"{PATH}/events").json()


class TestTransactions(McpServerCase):
    def test_another_connection_sees_only_commits(self):
        for version in VERSIONS:
            for error, names in (
                ("http", []),
                ("user", []),
                ("bare", []),
                ("returned", []),
                ("committed", ["tea"]),
            ):
                response = self.call_tool(
                    "create_item", version, name="tea", error=error
                )
                self.assertTrue(self.get_result(response)["isError"])
                self.assertEqual(self.names(), names, error)
                self.query("DELETE FROM test_fastapi_item")
            self.get_result(self.call_tool("create_item", version, name="tea"))
            self.wait_until(lambda: sorted(self.names()), ["tea", "tea of the task"])
            self.query("DELETE FROM test_fastapi_item")

    def test_error_at_the_commit(self):
        for version in VERSIONS:
            response = self.call_tool("create_checked_item", version, name="tea")
            result = self.get_result(response)
            self.assertTrue(result["isError"], result)
            self.assertEqual(self.names(), [])

    def test_result_that_cannot_be_sent(self):
        """An escaped half of a character, which revisions with a handshake refuse."""
        response = self.call_tool("return_half", HANDSHAKE, name="tea")
        self.assertEqual(response.status, 500)
        self.assertEqual(self.names(), [])

    def test_swallowed_error(self):
        for version in VERSIONS:
            result = self.get_result(
                self.call_tool("swallow_error", version, name="tea")
            )
            self.assertTrue(result["isError"], result)
            self.assertEqual(self.names(), [])

    def test_replay_after_a_conflict(self):
        for version in VERSIONS:
            ((item_id,),) = self.query(
                "INSERT INTO test_fastapi_item (name, quantity) VALUES (%s, 0) "
                "RETURNING id",
                uuid.uuid4().hex,
            )
            self.query("SELECT pg_advisory_lock(%s)", LOCK)
            call = Background(
                lambda version=version, item_id=item_id: self.call_tool(
                    "increment", version, item_id=item_id, lock=LOCK
                )
            )
            self.wait_for_lock(1)
            self.query(
                "UPDATE test_fastapi_item SET quantity = 10 WHERE id = %s", item_id
            )
            self.query("SELECT pg_advisory_unlock(%s)", LOCK)
            result = self.get_result(call.result())
            self.assertEqual(result["structuredContent"], {"result": 11})
            self.assertEqual(self.quantity(item_id), 11)
            self.assertEqual(self.get_events().count(f"increment {item_id}"), 2)

    def test_many_calls_of_the_same_record(self):
        ((item_id,),) = self.query(
            "INSERT INTO test_fastapi_item (name, quantity) VALUES ('tea', 0) "
            "RETURNING id"
        )
        calls = [
            Background(
                lambda number=number: self.call_tool(
                    "increment", VERSIONS[number % 2], item_id=item_id
                )
            )
            for number in range(10)
        ]
        results = [self.get_result(call.result()) for call in calls]
        done = [result for result in results if not result.get("isError")]
        self.assertEqual(self.quantity(item_id), len(done))
        self.assertGreater(len(done), 0)
        self.assertEqual(
            sorted(result["structuredContent"]["result"] for result in done),
            list(range(1, len(done) + 1)),
        )


class TestStreams(McpServerCase):
    def read_events(self, body):
        """Return the messages of a stream of events."""
        lines = body.decode().splitlines()
        return [
            json.loads(line.removeprefix("data: "))
            for line in lines
            if line.startswith("data: ")
        ]

    def test_progress(self):
        for version in VERSIONS:
            for token in ("token", 0):
                response = self.call_tool(
                    "stream_words", version, token=token, name="tea"
                )
                self.assertEqual(response.headers["Content-Type"], "text/event-stream")
                *progress, last = self.read_events(response.body)
                params = [message["params"] for message in progress]
                self.assertEqual(
                    [param["message"] for param in params],
                    [f"wörd {number}\n" for number in range(3)],
                )
                self.assertEqual([param["progress"] for param in params], [8, 16, 24])
                self.assertEqual({param["progressToken"] for param in params}, {token})
                self.assertEqual(last["id"], 1)
                (block,) = last["result"]["content"]
                self.assertEqual(block["text"], "wörd 0\nwörd 1\nwörd 2\n")
                self.wait_until(
                    lambda: sorted(self.names()), ["tea", "tea of the stream"]
                )
                self.query("DELETE FROM test_fastapi_item")

    def test_progress_in_another_charset(self):
        response = self.call_tool(
            "stream_words", token=1, name="tea", number=1, charset="latin-1"
        )
        progress, last = self.read_events(response.body)
        self.assertEqual(progress["params"]["message"], "wörd 0\n")
        self.assertEqual(last["result"]["content"][0]["text"], "wörd 0\n")

    def test_files_have_no_progress(self):
        for version in VERSIONS:
            response = self.call_tool(
                "stream_words", version, token=1, name="tea", kind="application/pdf"
            )
            self.assertEqual(response.headers["Content-Type"], "application/json")
            (block,) = self.get_result(response)["content"]
            self.assertEqual(block["resource"]["mimeType"], "application/pdf")
            self.assertEqual(sorted(self.names()), ["tea", "tea of the stream"])
            self.query("DELETE FROM test_fastapi_item")

    def test_without_progress(self):
        for version in VERSIONS:
            response = self.call_tool("stream_words", version, name="tea")
            self.assertEqual(response.headers["Content-Type"], "application/json")
            (block,) = self.get_result(response)["content"]
            self.assertEqual(block["text"], "wörd 0\nwörd 1\nwörd 2\n")
            self.assertEqual(sorted(self.names()), ["tea", "tea of the stream"])
            self.query("DELETE FROM test_fastapi_item")

    def test_error_before_the_first_chunk(self):
        """The transaction is open until the first chunk, so all is rolled back."""
        for version in VERSIONS:
            response = self.call_tool(
                "stream_words", version, token=1, name="tea", number=0, error=True
            )
            self.assertTrue(self.get_result(response)["isError"])
            self.assertEqual(self.names(), [])

    def test_error_in_the_stream(self):
        for version in VERSIONS:
            # the server cuts the connection off after the result
            with self.assertRaises(IncompleteRead) as caught:
                self.call_tool("stream_words", version, token=1, name="tea", error=True)
            *progress, last = self.read_events(caught.exception.partial)
            self.assertEqual(len(progress), 3)
            self.assertTrue(last["result"]["isError"], last)
            self.wait_until(self.names, ["tea"])
            self.query("DELETE FROM test_fastapi_item")

    def test_error_without_progress(self):
        """Without progress, there is one transaction, and all of it is rolled back."""
        for version in VERSIONS:
            response = self.call_tool("stream_words", version, name="tea", error=True)
            self.assertTrue(self.get_result(response)["isError"])
            self.assertEqual(self.names(), [])

    def open_call(self, tool, version, /, token=None, **arguments):
        """Call a tool on a socket that the test can close."""
        params = {"name": tool, "arguments": arguments}
        if token is not None:
            params["_meta"] = {"progressToken": token}
        headers, body = make_message("tools/call", params, version)
        headers |= {"Host": "localhost", "Content-Length": str(len(body))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        client = socket.create_connection(("127.0.0.1", self.first.port))
        self.addCleanup(client.close)
        client.sendall(f"POST {PATH}/mcp HTTP/1.1\r\n{lines}\r\n{body}".encode())
        return client

    def test_cancel(self):
        for version in VERSIONS:
            name = f"tea {version}"
            client = self.open_call("slow", version, name=name)
            self.wait_until(lambda name=name: f"slow {name}" in self.get_events(), True)
            client.close()
            self.wait_until(
                lambda name=name: f"cancelled {name}" in self.get_events(), True
            )
            self.wait_until(self.connections, 0)
            self.assertEqual(self.names(), [])

    def test_cancel_a_stream(self):
        for number, version in enumerate(VERSIONS, 1):
            client = self.open_call("watch", version, token=1)
            data = b""
            while b"first" not in data:
                data += client.recv(10_000)
            client.close()
            self.wait_until(
                lambda number=number: self.get_events().count("watch ended"), number
            )

    def test_cancel_a_stream_without_progress(self):
        """Nothing is sent before its end, so no write to the socket fails."""
        logged = len(self.first.log)
        for tool in ("listen", "count_endlessly"):
            for number, version in enumerate(VERSIONS, 1):
                with self.subTest(f"{tool} {version}"):
                    client = self.open_call(tool, version)
                    started, ended = f"{tool} started", f"{tool} ended"
                    self.wait_until(
                        lambda event=started: self.get_events().count(event), number
                    )
                    client.close()
                    self.wait_until(
                        lambda event=ended: self.get_events().count(event), number
                    )
                    self.wait_until(self.connections, 0)
        log = list(self.first.log)[logged:]
        self.assertFalse([line for line in log if " ERROR " in line])


class TestEventedServer(TestStreams):
    options = {"command": "gevent"}


class TestWorkers(TestTransactions):
    options = {"workers": 2}

    def get_events(self):
        self.skipTest("each worker has events of its own")

    def test_replay_after_a_conflict(self):
        self.skipTest("see get_events")


class TestOldRevisions(McpServerCase):
    def test_each_revision(self):
        for version in ("2024-11-05", "2025-03-26", "2025-06-18", HANDSHAKE):
            result = self.get_result(self.call_tool("list_words", version))
            self.assertEqual(result["content"][0]["text"], '["word","word"]')
