# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""WebSockets on the threaded and on the evented server."""

import http.client
import json
import socket
import struct
from base64 import b64encode

import psutil
import websocket

from .servers import TIMEOUT
from .websocket_case import HANDSHAKE, WebSocketCase

BASIC = "Basic " + b64encode(b"admin:admin").decode()


class WebSocketTests(WebSocketCase):
    """Tests of a server."""

    def setUp(self):
        super().setUp()
        self.create_endpoint(self.first, "/w")

    def test_messages(self):
        client = self.open("/w/ws/echo")
        self.assertEqual(client.ask("a"), "a")
        self.assertEqual(client.ask("é" * 100_000), "é" * 100_000)
        client.send_binary(b"\0" * 1000)
        self.assertEqual(client.recv(), b"\0" * 1000)
        client.ping("x")
        self.assertEqual(client.recv_frame().opcode, websocket.ABNF.OPCODE_PONG)
        client.send_close(4001)
        self.assertEqual(client.wait_for_close()[0], 4001)
        self.wait_for_log("A WebSocket ends with 4001.")

    def test_handshake(self):
        client = self.open("/w/ws/echo")
        headers = client.getheaders()
        self.assertEqual(headers["x-greeting"], "hello")
        self.assertNotIn("content-length", headers)
        self.assertNotIn("transfer-encoding", headers)
        self.assertNotIn("content-type", headers)
        self.assertNotIn("set-cookie", headers)
        self.assertIsNone(client.getsubprotocol())
        client = self.open("/w/ws/echo", subprotocols=["one", "two"])
        self.assertEqual(client.getsubprotocol(), "two")
        self.assertEqual(client.ask("a"), "a")

    def test_frames_at_once(self):
        """Those that a client sends without waiting for anything."""
        client = self.open("/w/ws/echo")
        for number in range(100):
            client.send(str(number))
        found = [client.recv() for _ in range(100)]
        self.assertEqual(found, list(map(str, range(100))))

    def test_request_of_odoo(self):
        """It ends with the transaction."""
        client = self.open("/w/ws/request")
        self.assertEqual(client.recv_json(), [True, False, False])

    def test_dependencies(self):
        client = self.open(
            "/w/ws/dependencies?page=2&page_size=10",
            header={"Authorization": BASIC, "Accept-Language": "en-US"},
        )
        port = self.first.port
        (partner_id,) = self.first.rpc("res.users", "read", 2, ["partner_id"])[0][
            "partner_id"
        ][:1]
        self.assertEqual(
            client.recv_json(),
            {
                "uid": self.runner_id,
                "lang": "en_US",
                "partner_id": partner_id,
                "context": partner_id,
                "offset": 10,
                "root_path": "/w",
                "url": f"ws://127.0.0.1:{port}/w/ws/dependencies?page=2&page_size=10",
                "client": "127.0.0.1",
            },
        )
        self.assertEqual(client.ask("a"), "a")

    def test_credentials_are_refused(self):
        path = "/w/ws/dependencies"
        headers = self.assert_refused(path, 401, "Not authenticated")
        self.assertEqual(headers["www-authenticate"], "Basic")
        wrong = "Basic " + b64encode(b"admin:wrong").decode()
        self.assert_refused(path, 401, "Incorrect", header={"Authorization": wrong})

    def test_exceptions_before_accept(self):
        """The transaction is rolled back, and the client gets a real response."""
        for error, status, detail in (
            ("http", 409, "conflict"),
            ("user", 400, "refused"),
            ("bare", 500, "Internal Server Error"),
        ):
            path = f"/w/ws/refused?name={error}&error={error}"
            with self.subTest(error):
                self.assert_refused(path, status, detail)
        found = self.refuse("/w/ws/refused?name=x&error=teapot")
        self.assertEqual(found[0], 418)
        self.assertEqual(found[2]["error"]["message"], "short and stout")
        self.assertEqual(self.names(), [])
        self.assertFalse(
            [line for line in self.first.log if "Error on request" in line]
        )

    def test_committed_refusals(self):
        headers = self.assert_refused(
            "/w/ws/refused?name=x&error=committed", 401, "counted"
        )
        self.assertEqual(headers["www-authenticate"], "Basic")
        with self.assertRaises(websocket.WebSocketBadStatusException) as caught:
            self.open("/w/ws/refused?name=y&error=close")
        self.assertEqual(caught.exception.status_code, 403)
        self.assertEqual(sorted(self.names()), ["x", "y"])

    def test_writes_before_accept(self):
        """They are committed before the client knows, and with no transaction left."""
        client = self.open("/w/ws/items?name=x")
        self.assertEqual(self.names(), ["x"])
        self.assertEqual(
            client.recv_json(), self.query("SELECT id FROM test_fastapi_item")[0][0]
        )
        self.wait_until(self.connections, 0)

    def test_swallowed_error(self):
        self.assert_refused("/w/ws/swallowed", 500, "Internal Server Error")

    def test_failed_commit(self):
        """The app has accepted, but the client gets an error."""
        for error, status, detail in (
            ("user", 400, "refused"),
            ("bare", 500, "Internal Server Error"),
        ):
            self.assert_refused(f"/w/ws/items?name=x&late={error}", status, detail)
        self.assertEqual(self.names(), [])
        self.wait_for_log("A WebSocket is not opened", 2)

    def test_exceptions_after_accept(self):
        client = self.open("/w/ws/fails")
        client.send("x")
        self.assertEqual(client.wait_for_close()[0], 1011)
        self.wait_for_log("ZeroDivisionError: secret")
        self.wait_for_log("A WebSocket is torn down.")

    def test_large_messages(self):
        client = self.open("/w/ws/echo")
        self.assertEqual(client.ask("x" * 1024 * 1024), "x" * 1024 * 1024)
        client.send("x" * (1024 * 1024 + 1))
        self.assertEqual(client.wait_for_close()[0], 1009)

    def test_paths_without_a_websocket(self):
        for path in ("/w/ws/nothing", "/w/method"):
            self.assert_refused(path, 404, "There is no WebSocket at this path.")
        self.first.rpc("fastapi.endpoint", "write", self.created, {"active": False})
        self.assert_refused("/w/ws/echo", 404, "Not Found")

    def test_header_that_comes_twice(self):
        client = http.client.HTTPConnection("127.0.0.1", self.first.port, TIMEOUT)
        self.addCleanup(client.close)
        client.putrequest("GET", "/w/ws/echo")
        for name, value in (*HANDSHAKE.items(), ("Upgrade", "websocket")):
            client.putheader(name, value)
        client.endheaders()
        response = client.getresponse()
        self.assertEqual(response.status, 400)
        self.assertIn("once", json.loads(response.read())["detail"])

    def test_client_that_breaks_off(self):
        client = self.open("/w/ws/echo")
        client.ask("x")
        linger = struct.pack("ii", 1, 0)
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        client.sock.close()
        self.wait_for_log("A WebSocket ends with 1006.")

    def test_closed_connections_leave_nothing(self):
        """No file, and no cursor: the server keeps references to its sockets."""
        process = psutil.Process(self.first.pid)
        self.open("/w/ws/echo").close()
        self.wait_for_log("A WebSocket ends with 1000.")
        before = process.num_fds()
        for _ in range(20):
            client = self.open("/w/ws/echo")
            client.ask("x")
            client.close()
        self.wait_for_log("A WebSocket ends with 1000.", 21)
        # PostgreSQL connections come and go
        self.wait_until(lambda: process.num_fds() <= before + 2, True)
        self.wait_until(self.connections, 0)

    def test_chat_of_the_tutorial(self):
        one = self.open("/w/ws/chat/1")
        self.assertEqual(one.ask("hello"), "You wrote: hello")
        self.assertEqual(one.recv(), "Client #1 says: hello")
        two = self.open("/w/ws/chat/2")
        self.assertEqual(two.ask("hi"), "You wrote: hi")
        self.assertEqual(two.recv(), "Client #2 says: hi")
        self.assertEqual(one.recv(), "Client #2 says: hi")
        two.close()
        self.assertEqual(one.recv(), "Client #2 left the chat")

    def test_requests_beside(self):
        """An open WebSocket blocks neither its server nor its log."""
        client = self.open("/w/ws/echo")
        self.assertEqual(self.first.request("GET", "/w/method").status, 200)
        self.assertEqual(client.ask("x"), "x")
        self.wait_for_log('"GET /w/ws/echo HTTP/1.1" 101')


class TestThreaded(WebSocketTests):
    def test_no_thread_waits(self):
        self.open("/w/ws/echo")
        before = self.first.request("GET", "/w/process").json()["threads"]
        for _ in range(10):
            self.open("/w/ws/echo")
        after = self.first.request("GET", "/w/process").json()["threads"]
        self.assertLess(after, before + 5)


class TestEvented(WebSocketTests):
    options = {"command": "gevent"}


del WebSocketTests
