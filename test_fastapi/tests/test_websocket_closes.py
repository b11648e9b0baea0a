# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Why the server closes WebSockets that are open."""

from base64 import b64encode

from odoo.addons.base.models.res_users import INDEX_SIZE

from .test_auth_servers import CallerCase
from .websocket_case import WebSocketCase

RESTART = 1012, "The API has changed: connect again."
REVOKED = 1008, "The credential is not valid any more."


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


class CredentialTests(CallerCase, WebSocketCase):
    def test_credentials_that_end(self):
        self.create_auth_endpoint("/w", auth_basic=True, auth_session=True)
        path = "/w/ws/dependencies"
        first, second = self.create_key(self.user_id), self.create_key(self.user_id)
        keys = {
            key: self.open(path, header={"Authorization": f"Bearer {key}"})
            for key in (self.key, first, second)
        }
        login = b64encode(b"admin:admin").decode()
        basic = self.open(path, header={"Authorization": f"Basic {login}"})
        visitor = self.open("/w/ws/visitor")
        for client in (*keys.values(), basic, visitor):
            client.recv()
        self.query(
            "UPDATE res_users_apikeys SET expiration_date = now() - interval '1 day' "
            "WHERE index = %s",
            first[:INDEX_SIZE],
        )
        self.query(
            "DELETE FROM res_users_apikeys WHERE index = %s", second[:INDEX_SIZE]
        )
        self.assertEqual(keys[first].wait_for_close(), REVOKED)
        self.assertEqual(keys[second].wait_for_close(), REVOKED)
        self.first.rpc("res.users", "write", self.user_id, {"active": False})
        self.assertEqual(keys[self.key].wait_for_close(), REVOKED)
        self.assertEqual(basic.ask("x"), "x")
        self.assertEqual(visitor.ask("x"), "x")
        self.wait_until(self.connections, 0)

    def test_session_that_ends(self):
        self.create_auth_endpoint("/w", auth_session=True)
        headers = self.log_in()
        client = self.open("/w/ws/dependencies", header=headers)
        client.recv()
        self.first.request("GET", "/web/session/logout", None, headers)
        self.assertEqual(client.wait_for_close(), REVOKED)

    def log_in(self):
        page = self.first.request("GET", "/web/login")
        cookie = page.headers["Set-Cookie"].partition(";")[0]
        token = page.body.partition(b'name="csrf_token" value="')[2].partition(b'"')[0]
        response = self.first.request(
            "POST",
            "/web/login",
            f"login=admin&password=admin&csrf_token={token.decode()}",
            {
                "Cookie": cookie,
                "Content-Type": "application/x-www-form-urlencoded",
            },
        )
        return {"Cookie": response.headers["Set-Cookie"].partition(";")[0]}


class TestThreadedCredentials(CredentialTests):
    pass


class TestEventedCredentials(CredentialTests):
    options = {"command": "gevent"}


class TestStop(WebSocketCase):
    def test_server_stops(self):
        server = self.start_server()
        self.create_endpoint(self.first, "/w")
        clients = [self.open("/w/ws/echo", server) for _ in range(3)]
        for client in clients:
            client.ask("x")
        server.stop()
        self.assertFalse(server.killed)
        for client in clients:
            self.assertEqual(client.wait_for_close(), (1001, "The server stops."))


del CredentialTests
