# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Why the server closes WebSockets that are open."""

from .websocket_case import WebSocketCase

RESTART = 1012, "The API has changed: connect again."


class TestChanges(WebSocketCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.start_server(command="gevent")

    def setUp(self):
        super().setUp()
        self.endpoint_id = self.create_endpoint(self.first, "/w")
        self.create_endpoint(self.first, "/other")

    def check(self, change):
        """Change the endpoint; connections of both servers close, others stay."""
        clients = [
            self.open("/w/ws/echo", server) for server in (self.first, self.second)
        ]
        others = [
            self.open("/other/ws/echo", server) for server in (self.first, self.second)
        ]
        change()
        for client in clients:
            self.assertEqual(client.wait_for_close(), RESTART)
        for client in others:
            self.assertEqual(client.ask("x"), "x")

    def test_changed_endpoint(self):
        self.check(
            lambda: self.first.rpc(
                "fastapi.endpoint", "write", self.endpoint_id, {"name": "changed"}
            )
        )
        client = self.open("/w/ws/echo")  # of the new app
        self.assertEqual(client.ask("x"), "x")

    def test_lifespan_of_the_old_app(self):
        """It ends with the app's last connection, not when garbage is collected."""
        endpoint_id = self.create_endpoint(self.first, "/old", name="Old")
        client = self.open("/old/ws/echo")
        self.assertEqual(client.ask("x"), "x")
        self.first.rpc("fastapi.endpoint", "write", endpoint_id, {"name": "New"})
        self.assertEqual(self.first.request("GET", "/old/process").status, 200)
        self.assertEqual(client.wait_for_close(), RESTART)
        self.wait_for_log("The lifespan of Old ends")

    def test_archived_endpoint(self):
        self.check(
            lambda: self.second.rpc(
                "fastapi.endpoint", "write", self.endpoint_id, {"active": False}
            )
        )

    def test_deleted_endpoint(self):
        def delete():
            self.created.remove(self.endpoint_id)
            self.first.rpc("fastapi.endpoint", "unlink", self.endpoint_id)

        self.check(delete)

    def test_upgraded_addon(self):
        """Odoo loads the registry again, with the code of all addons."""
        clients = [
            self.open("/w/ws/echo", server) for server in (self.first, self.second)
        ]
        self.query("INSERT INTO orm_signaling_registry DEFAULT VALUES")
        for client in clients:
            self.assertEqual(client.wait_for_close(), RESTART)
        for server in (self.first, self.second):
            self.assertEqual(self.open("/w/ws/echo", server).ask("x"), "x")


class TestStop(WebSocketCase):
    def test_server_stops(self):
        server = self.start_server()
        self.create_endpoint(self.first, "/w")
        clients = [self.open("/w/ws/echo", server) for _ in range(3)]
        for client in clients:
            client.ask("x")
        server.stop()
        self.assertFalse(server.killed, "".join(server.log))
        for client in clients:
            self.assertEqual(client.wait_for_close(), (1001, "The server stops."))
