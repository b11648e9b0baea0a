# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The addon is uninstalled while servers run its apps."""

from functools import partial

from odoo.tests import get_db_name

from .servers import create_database, drop_database
from .websocket_case import WebSocketCase


class TestUninstall(WebSocketCase):
    @classmethod
    def get_dbname(cls):
        dbname = f"{get_db_name()}_uninstall"
        cls.addClassCleanup(drop_database, dbname)
        code, log = create_database(dbname, "test_fastapi")
        if code:
            raise RuntimeError(log)
        return dbname

    def clean_up(self):
        """The tables are gone."""

    def test_uninstall(self):
        """WebSockets close and apps stop, in all processes."""
        self.create_endpoint(self.first, "/w", name="Gone")
        servers = self.first, self.start_server()
        clients = [self.open("/w/ws/echo", server) for server in servers]
        for client in clients:
            self.assertEqual(client.ask("x"), "x")
            client.settimeout(15)  # the server sends a ping after 20 seconds
        self.query(
            "INSERT INTO res_users_apikeys (name, user_id, scope, key, index) "
            "SELECT scope, 2, scope, 'hash', 'abcdefgh' "
            "FROM (VALUES ('fastapi.endpoint.1'), ('rpc')) AS keys (scope)"
        )
        (module_id,) = self.first.rpc(
            "ir.module.module", "search", [("name", "=", "fastapi")]
        )
        self.first.rpc("ir.module.module", "button_immediate_uninstall", [module_id])
        closed = 1012, "The API has changed: connect again."
        for client, server in zip(clients, servers, strict=True):
            self.assertEqual(client.wait_for_close(), closed)
            self.wait_until(partial(self.count, server, "The lifespan of Gone ends"), 1)
            self.assertEqual(server.request("GET", "/w/process").status, 404)
            self.assertEqual(self.count(server, "can't be checked"), 0)
        self.assertEqual(self.query("SELECT scope FROM res_users_apikeys"), [("rpc",)])

    def count(self, server, text):
        return sum(text in line for line in server.log.copy())
