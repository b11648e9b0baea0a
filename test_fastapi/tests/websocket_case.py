# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Helpers for tests that open WebSockets to servers of Odoo."""

import json
from contextlib import suppress

import websocket
from websocket import ABNF, WebSocketBadStatusException

from .server_case import ServerCase
from .servers import TIMEOUT

#: The headers of a handshake.
HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


class Client(websocket.WebSocket):
    """A WebSocket of a client."""

    def recv_json(self):
        return json.loads(self.recv())

    def ask(self, text):
        """Send a text, and return the next message."""
        self.send(text)
        return self.recv()

    def send_close(self, *args, **kwargs):  # pylint: disable=missing-return
        # It responds to the server's code. A stopped server has no socket any more, and
        # the kernel says so if a pong was sent before.
        with suppress(BrokenPipeError, ConnectionResetError):
            super().send_close(*args, **kwargs)

    def wait_for_close(self):
        """Return close code and reason that the server sends; 1006 without any."""
        while True:
            try:
                opcode, data = self.recv_data()
            except websocket.WebSocketConnectionClosedException:
                return 1006, ""
            if opcode == ABNF.OPCODE_CLOSE:
                code = int.from_bytes(data[:2], "big") if data else 1005
                return code, data[2:].decode()

    def recv_close(self):
        """Return code and reason of the close; no message may come before it."""
        opcode, data = self.recv_data()
        assert opcode == ABNF.OPCODE_CLOSE, data
        return int.from_bytes(data[:2], "big"), data[2:].decode()


class WebSocketCase(ServerCase):
    """Servers of Odoo, and WebSockets that are closed after each test."""

    def open(self, path, server=None, *, port=None, **options):
        """Open a WebSocket.

        :param server: the server, by default the first one
        :param port: port, by default that of the server
        :param options: arguments of ``websocket.WebSocket.connect``
        :raises WebSocketBadStatusException: the server has refused it
        """
        client = Client()
        client.settimeout(TIMEOUT)
        port = port or (server or self.first).port
        client.connect(f"ws://127.0.0.1:{port}{path}", **options)
        self.addCleanup(client.shutdown)
        return client

    def refuse(self, path, server=None, **options):
        """Open a WebSocket that is refused; return status, headers and JSON body."""
        with self.assertRaises(WebSocketBadStatusException) as caught:
            self.open(path, server, **options)
        err = caught.exception
        return err.status_code, err.resp_headers, json.loads(err.resp_body)

    def assert_refused(self, path, status, detail, server=None, **options):
        found, headers, body = self.refuse(path, server, **options)
        self.assertEqual(found, status, body)
        self.assertEqual(list(body), ["detail"])
        self.assertIn(detail, body["detail"])
        return headers

    def log_in(self):
        """Return the headers of a user who is logged in."""
        return {"Cookie": f"session_id={self.first.log_in()}"}

    def wait_for_log(self, text, count=1, server=None):
        """Wait until the log of a server has a text."""
        log = (server or self.first).log
        self.wait_until(
            lambda: (text, sum(text in line for line in log.copy()) >= count),
            (text, True),
        )
