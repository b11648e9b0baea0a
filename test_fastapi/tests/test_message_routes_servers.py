# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Messages and ``tx.run`` of WebSockets, with real transactions."""

import json

from .servers import Background
from .test_auth_servers import CallerCase
from .websocket_case import WebSocketCase

CLIENTS, INCREMENTS = 3, 400


class MessageTests(WebSocketCase):
    def setUp(self):
        super().setUp()
        self.create_endpoint(self.first, "/w")
        self.item = self.create_item(self.first, "/w")

    def test_messages(self):
        client = self.open("/w/messages/orders/tea", subprotocols=["v1"])
        self.assertEqual(client.getsubprotocol(), "v1")
        client.send(json.dumps({"name": "a", "quantity": 2}))
        self.assertEqual(client.recv_json()["name"], "tea: a")
        self.assertIn("tea: a", self.names())
        client.send(json.dumps({"name": "b", "then": "fail"}))
        self.assertEqual(
            client.recv_json(),
            {"error": {"status": 500, "detail": "Internal Server Error"}},
        )
        self.assertNotIn("tea: b", self.names())
        client.send(json.dumps({"name": "c", "then": "tasks"}))
        self.assertEqual(client.recv_json()["name"], "tea: c")
        self.wait_until(lambda: "tea: c (task)" in self.names(), True)
        client.send_binary(b"{}")
        self.assertEqual(client.wait_for_close()[0], 1003)
        self.wait_until(self.connections, 0)
        errors = [line for line in self.first.log if "ZeroDivisionError: a" in line]
        self.assertEqual(len([e for e in errors if "WebSocket /w/" in e]), 1, errors)

    def test_conflicting_increments(self):
        """None is lost, none is counted twice."""
        message = json.dumps({"item_id": self.item})
        left = list(range(INCREMENTS))

        def increment(client):
            while left:
                left.pop()
                client.send(message)
                while "error" in client.recv_json():  # after five conflicts
                    client.send(message)

        clients = [self.open("/w/messages/counter") for _number in range(CLIENTS)]
        calls = [Background(increment, client) for client in clients]
        for call in calls:
            call.result(300)
        self.assertEqual(self.quantity(self.item), INCREMENTS)
        self.wait_until(self.connections, 0)

    def test_works(self):
        client = self.open(f"/w/messages/works/{self.item}")
        self.assertEqual(client.ask("SELECT 1"), "1")
        self.assertEqual(self.quantity(self.item), 1)
        self.assertIn("await tx.run(work)", client.ask("env"))
        self.wait_until(self.connections, 0)

    def test_works_of_requests(self):
        response = self.first.request("POST", "/w/messages/saved?name=x")
        self.assertEqual(response.status, 418)
        response = self.first.request("GET", "/w/messages/stream?name=y")
        self.assertEqual(response.body, b"y 0\ny 1\n")
        self.assertLessEqual({"x of a work", "y 0", "y 1"}, set(self.names()))
        self.assertNotIn("x of the request", self.names())
        self.wait_until(self.connections, 0)

    def test_work_that_waits_blocks_no_other_connection(self):
        self.query("SELECT pg_advisory_lock(4711)")
        self.addCleanup(self.query, "SELECT pg_advisory_unlock_all()")
        waiting = self.open(f"/w/messages/works/{self.item}")
        waiting.send("SELECT pg_advisory_xact_lock(4711)")
        self.wait_for_lock(1)
        other = self.open("/w/messages/orders/tea")
        other.send(json.dumps({"name": "a"}))
        self.assertEqual(other.recv_json()["name"], "tea: a")
        self.query("SELECT pg_advisory_unlock(4711)")
        self.assertEqual(waiting.recv(), "1")


class TestThreaded(MessageTests):
    def test_works_that_wait_for_their_caller(self):
        """Each waits for a while, and is not replayed. Then others can run."""
        other = self.create_item(self.first, "/w")
        path = f"/w/messages/locked/{other}"
        request = Background(self.first.request, "POST", path)
        client = self.open("/w/messages/locked")
        client.send(json.dumps({"item_id": self.item}))
        self.assertEqual(client.recv_json()["error"]["status"], 500)
        self.assertEqual(request.result(60).status, 500)
        self.assertEqual((self.quantity(self.item), self.quantity(other)), (0, 0))
        text = "_increment has waited for 5 seconds"
        errors = [
            line for line in self.first.log if f"): LockedByCallerError: {text}" in line
        ]
        self.assertEqual(len(errors), 2, errors)
        self.assertEqual(self.open(f"/w/messages/works/{other}").ask("SELECT 1"), "1")


class TestEvented(MessageTests):
    options = {"command": "gevent"}


del MessageTests


class TestStop(WebSocketCase):
    def test_server_stops(self):
        """A work that waits in PostgreSQL is rolled back, and the process exits."""
        server = self.start_server()
        self.create_endpoint(server, "/w")
        item = self.create_item(server, "/w")
        self.query("SELECT pg_advisory_lock(4711)")
        self.addCleanup(self.query, "SELECT pg_advisory_unlock_all()")
        client = self.open(f"/w/messages/works/{item}", server)
        client.send("SELECT pg_advisory_xact_lock(4711)")
        self.wait_for_lock(1)
        server.stop()
        self.assertFalse(server.killed, "".join(server.log))
        self.assertEqual(client.wait_for_close()[0], 1001)
        self.assertEqual(self.quantity(item), 0)


class TestCaller(CallerCase, WebSocketCase):
    def test_each_message_authenticates(self):
        self.create_auth_endpoint("/w", run_as="caller")
        key = self.create_key(self.user_id)
        client = self.open(
            "/w/messages/users", header={"Authorization": f"Bearer {key}"}
        )
        client.send('{"item_id": 1}')
        self.assertEqual(client.recv_json()["uid"], self.user_id)
        self.query("DELETE FROM res_users_apikeys WHERE user_id = %s", self.user_id)
        client.send('{"item_id": 1}')
        self.assertEqual(client.recv_close()[0], 1008)
        self.assert_refused("/w/messages/users", 401, "Not authenticated")

    def test_handshake_that_authenticates(self):
        """A message does not take over what the handshake has found out."""
        self.create_auth_endpoint("/w", run_as="user")
        key = self.create_key(self.user_id)
        client = self.open(
            "/w/messages/guarded_users", header={"Authorization": f"Bearer {key}"}
        )
        for _number in range(2):
            client.send('{"item_id": 1}')
            self.assertEqual(client.recv_json()["uid"], self.runner_id)
        self.query("DELETE FROM res_users_apikeys WHERE user_id = %s", self.user_id)
        client.send('{"item_id": 1}')
        self.assertEqual(client.recv_close()[0], 1008)

    def test_session(self):
        self.create_auth_endpoint("/w", auth_session=True)
        session = self.log_in()
        client = self.open("/w/messages/users", header=session)
        client.send('{"item_id": 1}')
        ((partner_id,),) = self.query(
            "SELECT partner_id FROM res_users WHERE login = 'admin'"
        )
        self.assertEqual(client.recv_json()["partner_id"], partner_id)
        client.send('{"item_id": 1}')
        self.assertEqual(client.recv_json()["partner_id"], partner_id)
        self.first.request("GET", "/web/session/logout", None, session)
        client.send('{"item_id": 1}')
        self.assertEqual(client.recv_close()[0], 1008)

    def test_session_of_another_site(self):
        """A page of any site may connect, but not with the session of a visitor."""
        self.create_auth_endpoint(
            "/w", auth_session=True, run_as="user", websocket_origins="*"
        )
        session = self.log_in()
        for origin, code in (("https://evil.example", 1008), (None, None)):
            client = self.open("/w/messages/users", header=session, origin=origin)
            client.send('{"item_id": 1}')
            if code is None:
                self.assertEqual(client.recv_json()["uid"], self.runner_id)
            else:
                found, reason = client.wait_for_close()
                self.assertEqual(found, code)
                self.assertIn("pages of this site", reason)
