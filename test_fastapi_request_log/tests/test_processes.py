# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Rows of the other servers of Odoo, and of WebSockets."""

import uuid

from odoo.addons.test_fastapi.tests.servers import OdooServer
from odoo.addons.test_fastapi.tests.websocket_case import HANDSHAKE, WebSocketCase

from .test_servers import LogServerCase


class TestWebSockets(LogServerCase, WebSocketCase):
    def check_handshake(self, server):
        request_id = uuid.uuid4().hex
        client = self.open("/log/socket", server, header={"X-Request-ID": request_id})
        # while it is open
        self.assertEqual(self.row(request_id, "status", "route"), (101, "/log/socket"))
        self.assertEqual(client.ask("a"), "a")
        self.assertEqual(client.getheaders()["x-request-id"], request_id)

    def test_handshake(self):
        self.check_handshake(self.first)

    def test_handshake_in_the_evented_server(self):
        server = OdooServer(self.dbname, command="gevent")
        self.addCleanup(server.stop)
        self.check_handshake(server)
        _response, request_id = self.request("GET", "/items/1", server=server)
        self.assertEqual(self.row(request_id, "status"), (200,))

    def test_handshake_that_is_refused(self):
        response, request_id = self.request(
            "GET", "/socket?refuse=1", headers=HANDSHAKE
        )
        self.assertEqual(response.status, 403)
        self.assertEqual(self.row(request_id, "status", "route"), (403, "/log/socket"))


class TestWorkers(LogServerCase):
    options = {"workers": 2}

    def test_rows_of_workers(self):
        """A fork has no thread of its parent."""
        for _number in range(10):
            response, request_id = self.request("GET", "/items/1")
            self.assertEqual(response.status, 200)
            self.assertEqual(self.row(request_id, "status"), (200,))

    def test_stop_writes_the_last_calls(self):
        server = self.start_server(**self.options)
        _response, request_id = self.request("GET", "/items/1", server=server)
        server.stop()
        self.assertEqual(self.rows(request_id, "status"), [(200,)])
