# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Ways to authenticate on WebSockets, until the credential ends."""

from base64 import b64encode

from odoo.addons.base.models.res_users import INDEX_SIZE

from .test_auth_servers import CallerCase
from .websocket_case import WebSocketCase

ADMIN = 2
REVOKED = 1008, "The credential is not valid any more."


class AuthCase(CallerCase, WebSocketCase):
    def by_key(self, key=None):
        return {"Authorization": f"Bearer {key or self.key}"}

    def test_credentials_that_end(self):
        self.create_auth_endpoint("/w", auth_basic=True, auth_session=True)
        path = "/w/ws/dependencies"
        expiring, revoked, valid = (self.create_key(ADMIN) for _ in range(3))
        clients = {
            key: self.open(path, header=self.by_key(key))
            for key in (self.key, expiring, revoked, valid)
        }
        login = b64encode(b"admin:admin").decode()
        basic = self.open(path, header={"Authorization": f"Basic {login}"})
        visitor = self.open("/w/ws/visitor")
        session = self.log_in()
        of_session = self.open(path, header=session)
        for client in (*clients.values(), basic, visitor, of_session):
            client.recv()
        self.query(
            "UPDATE res_users_apikeys SET expiration_date = now() - interval '1 day' "
            "WHERE index = %s",
            expiring[:INDEX_SIZE],
        )
        self.query(
            "DELETE FROM res_users_apikeys WHERE index = %s", revoked[:INDEX_SIZE]
        )
        self.first.request("GET", "/web/session/logout", None, session)
        self.first.rpc("res.users", "write", self.user_id, {"active": False})
        ended = [clients[key] for key in (self.key, expiring, revoked)]
        for client in (*ended, of_session):
            self.assertEqual(client.wait_for_close(), REVOKED)
        self.assertEqual(clients[valid].ask("x"), "x")
        self.assertEqual(basic.ask("x"), "x")
        self.assertEqual(visitor.ask("x"), "x")
        self.query("DELETE FROM res_users_apikeys WHERE user_id = %s", ADMIN)
        self.wait_until(self.connections, 0)


class TestThreaded(AuthCase):
    def test_rights_of_the_caller(self):
        self.create_auth_endpoint("/w", run_as="caller")
        client = self.open("/w/ws/scoped", header=self.by_key())
        expected = ["api_key", self.user_id, self.user_id]
        self.assertEqual(client.recv_json(), expected)
        self.assertEqual(client.ask("x"), "x")

    def test_own_header(self):
        self.create_auth_endpoint("/w", api_key_header="X-API-Key", run_as="user")
        client = self.open("/w/ws/scoped", header={"X-API-Key": self.key})
        expected = ["api_key", self.user_id, self.runner_id]
        self.assertEqual(client.recv_json(), expected)
        self.assert_refused("/w/ws/scoped", 401, "Not authenticated")

    def test_authentication_by_odoo(self):
        for path, auth in (("/b", "bearer"), ("/u", "user")):
            routing = {"auth": auth}
            self.create_endpoint(
                self.first, path, app="test_auth", run_as="user", test_routing=routing
            )
        self.assert_refused("/u/ws/odoo-user", 401, "")
        self.assert_refused("/b/ws/odoo-user", 401, "")
        by_key = self.open("/b/ws/odoo-user", header=self.by_key())
        self.assertEqual(by_key.recv_json(), self.user_id)
        session = self.log_in()
        by_session = self.open("/u/ws/odoo-user", header=session)
        self.assertEqual(by_session.recv_json(), ADMIN)
        self.query("DELETE FROM res_users_apikeys")
        self.first.request("GET", "/web/session/logout", None, session)
        self.assertEqual(by_key.wait_for_close(), REVOKED)
        self.assertEqual(by_session.wait_for_close(), REVOKED)

    def test_authentication_by_the_app(self):
        """The user is checked, and counted, if a route asks for the caller."""
        (login,) = self.query(
            "UPDATE res_users SET password = %s WHERE id = %s RETURNING login",
            "secret",
            self.user_id,
        )[0]
        self.create_endpoint(self.first, "/w", websocket_max_caller_connections=1)
        by_app = {
            user: {"Authorization": f"Basic {b64encode(text.encode()).decode()}"}
            for user, text in (
                (self.user_id, f"{login}:secret"),
                (ADMIN, "admin:admin"),
            )
        }
        client = self.open("/w/ws/caller", header=by_app[self.user_id])
        self.assertEqual(client.recv_json(), ["app", self.user_id])
        self.open("/w/ws/caller", header=by_app[ADMIN])
        self.assert_refused("/w/ws/caller", 429, "1 open", header=by_app[ADMIN])
        self.first.rpc("res.users", "write", self.user_id, {"active": False})
        self.assertEqual(client.wait_for_close(), REVOKED)


class TestEvented(AuthCase):
    options = {"command": "gevent"}


del AuthCase
