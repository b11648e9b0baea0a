# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from unittest.mock import patch

from psycopg2.pool import PoolError
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect
from werkzeug.exceptions import ServiceUnavailable

from odoo.tools import mute_logger

from odoo.addons.fastapi.tests.common import FastAPITransactionCase
from odoo.addons.fastapi.transactions import Transactions

from ..routers import messages


class MessageCase(FastAPITransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.default_fastapi_router = messages.router

    def setUp(self):
        super().setUp()
        messages.attempts.clear()

    def _served(self):
        return self._create_test_client(raise_server_exceptions=False)

    def _send(self, *frames, path="/orders/tea", served=True, **kwargs):
        """Return the frames that a route sends for others, one for each."""
        with self._create_test_client(raise_server_exceptions=not served) as client:
            with client.websocket_connect(path, **kwargs) as ws:
                received = []
                for frame in frames:
                    ws.send_json(frame)
                    received.append(ws.receive_json())
                return received

    def _items(self):
        return self.env["test.fastapi.item"].search([]).mapped("name")


class TestMessages(MessageCase):
    def test_message(self):
        (reply,) = self._send({"name": "green", "quantity": 2})
        item = self.env["test.fastapi.item"].browse(reply["id"])
        self.assertEqual((item.name, item.quantity), ("tea: green", 2))
        self.assertEqual(reply["name"], "tea: green")

    def test_no_reply(self):
        """The next frame is that of the next message."""
        with self._served() as client, client.websocket_connect("/orders/tea") as ws:
            ws.send_json({"name": "a", "then": "denied"})
            ws.send_json({"name": "b"})
            self.assertEqual(ws.receive_json()["name"], "tea: b")
        self.assertEqual(self._items(), ["tea: a", "tea: b"])

    def test_invalid_message(self):
        replies = self._send({"name": "a", "quantity": -1}, {"name": "b"})
        error = replies[0]["error"]
        self.assertEqual(error["status"], 422)
        self.assertEqual(error["detail"][0]["loc"], ["body", "quantity"])
        self.assertEqual(replies[1]["name"], "tea: b")

    def test_invalid_json(self):
        with self._served() as client, client.websocket_connect("/orders/tea") as ws:
            ws.send_text("{")
            error = ws.receive_json()["error"]
            self.assertEqual(error["status"], 422)
            self.assertEqual(error["detail"][0]["type"], "json_invalid")
            ws.send_text('"\ud800"'.encode("utf-8", "replace").decode())
            self.assertEqual(ws.receive_json()["error"]["status"], 422)

    def test_binary_frame(self):
        with self._served() as client, client.websocket_connect("/orders/tea") as ws:
            ws.send_bytes(b"{}")
            with self.assertRaises(WebSocketDisconnect) as caught:
                ws.receive_json()
        self.assertEqual(caught.exception.code, 1003)

    def test_user_error(self):
        replies = self._send({"name": "a", "then": "refuse"}, {"name": "b"})
        expected = {"error": {"status": 400, "detail": "Not today"}}
        self.assertEqual(replies[0], expected)
        self.assertEqual(self._items(), ["tea: b"])

    @mute_logger("odoo.sql_db")
    def test_error_of_a_constraint(self):
        """It is raised by the flush, after the handler."""
        replies = self._send({"name": "a", "quantity": 1}, {"name": "a"})
        error = replies[1]["error"]
        self.assertEqual(error["status"], 400)
        self.assertIn("An item of that name exists", error["detail"])

    def test_server_error(self):
        with self.assertLogs("odoo.http", "ERROR") as logs:
            replies = self._send({"name": "a", "then": "fail"}, {"name": "b"})
        expected = {"error": {"status": 500, "detail": "Internal Server Error"}}
        self.assertEqual(replies[0], expected)
        self.assertEqual(len(logs.records), 1)
        self.assertIn("WebSocket /orders/{shop}: ZeroDivisionError", logs.output[0])
        self.assertEqual(self._items(), ["tea: b"])

    def test_no_connection_to_the_database(self):
        """The client waits for one once, not again for the error."""
        works = []

        async def fail(_self, work, *_args):
            works.append(work)
            raise PoolError("The Connection Pool Is Full")

        with (
            patch.object(Transactions, "run", fail),
            self.assertLogs("odoo.http", "ERROR"),
        ):
            (reply,) = self._send({"name": "a"})
        self.assertEqual(reply["error"]["status"], 500)
        self.assertEqual(len(works), 1)

    def test_stop_of_the_server(self):
        stops = ServiceUnavailable("The server stops.")
        with (
            patch.object(Transactions, "run", side_effect=stops),
            self.assertLogs("odoo.http", "ERROR"),
        ):
            (reply,) = self._send({"name": "a"})
        error = {"status": 503, "detail": "The server stops."}
        self.assertEqual(reply, {"error": error})

    def test_reply_of_another_type(self):
        with self.assertLogs("odoo.http", "ERROR") as logs:
            (reply,) = self._send({"name": "a", "then": "wrong"})
        self.assertEqual(reply["error"]["status"], 500)
        self.assertIn("ResponseValidationError", logs.output[0])
        self.assertEqual(self._items(), [])

    def test_stream_is_refused(self):
        with self.assertLogs("odoo.http", "ERROR") as logs:
            replies = self._send({"name": "a", "then": "stream"}, {"name": "b"})
        self.assertEqual(replies[0]["error"]["status"], 500)
        self.assertIn("can't return a stream", logs.output[0])
        self.assertEqual(self._items(), ["tea: b"])

    def test_errors_in_another_form(self):
        for name, detail in (("Out of tea", "Out of tea"), ("[1]", [1]), ("", "")):
            with self.subTest(name):
                order = {"name": name, "quantity": 503, "then": "respond"}
                (reply,) = self._send(order)
                self.assertEqual(reply, {"error": {"status": 503, "detail": detail}})

    def test_unauthorized_in_another_form(self):
        with self.assertRaises(WebSocketDisconnect) as caught:
            self._send({"name": "Who?", "quantity": 401, "then": "respond"})
        self.assertEqual(
            (caught.exception.code, caught.exception.reason), (1008, "Who?")
        )

    def test_exception_reaches_the_test(self):
        with self.assertRaisesRegex(ZeroDivisionError, "a secret"):
            self._send({"name": "a", "then": "fail"}, served=False)

    def test_committed_error(self):
        (reply,) = self._send({"name": "a", "then": "committed"})
        self.assertEqual(reply, {"error": {"status": 409, "detail": "Counted"}})
        self.assertEqual(self._items(), ["tea: a"])

    def test_conflict_is_replayed(self):
        wait = patch("odoo.service.model.time.sleep")
        with wait, mute_logger("odoo.service.model"):
            (reply,) = self._send({"name": "a", "then": "attempts"})
        self.assertEqual(reply["name"], "tea: a")
        self.assertEqual(messages.attempts, ["a"] * 3)
        self.assertEqual(self._items(), ["tea: a"])

    def test_forbidden_closes_the_connection(self):
        with self._served() as client, client.websocket_connect("/orders/tea") as ws:
            ws.send_json({"name": "a", "then": "forbidden"})
            with self.assertRaises(WebSocketDisconnect) as caught:
                ws.receive_json()
        self.assertEqual(caught.exception.code, 1008)
        self.assertEqual(caught.exception.reason, "Not you")

    def test_access_error_does_not(self):
        with mute_logger("odoo.addons.base.models.ir_model"):
            replies = self._send({"name": "a", "then": "access"}, {"name": "b"})
        self.assertEqual(replies[0]["error"]["status"], 403)
        self.assertEqual(replies[1]["name"], "tea: b")

    def test_authentication_of_each_message(self):
        with self._served() as client:
            headers = {"X-Token": "wrong"}
            with client.websocket_connect("/orders/tea", headers=headers) as ws:
                ws.send_json({"name": "a"})
                with self.assertRaises(WebSocketDisconnect) as caught:
                    ws.receive_json()
        self.assertEqual(caught.exception.code, 1008)
        self.assertEqual(caught.exception.reason, "Wrong token")

    def test_router_authenticates_the_connection(self):
        with self._served() as client:
            with self.assertRaises(WebSocketDenialResponse) as caught:
                with client.websocket_connect("/guarded", headers={"X-Token": "wrong"}):
                    self.fail("accepted")
            self.assertEqual(caught.exception.status_code, 401)
            with client.websocket_connect("/guarded") as ws:
                ws.send_json({"name": 1})
                self.assertEqual(ws.receive_json()["error"]["status"], 422)

    def test_background_tasks(self):
        with self.assertNoLogs("odoo.addons.fastapi", "ERROR"):
            self._send({"name": "a", "then": "tasks"}, {"name": "b"})
        self.assertEqual(self._items(), ["tea: a", "tea: a (task)", "tea: b"])

    def test_subprotocol(self):
        with self._served() as client:
            with client.websocket_connect("/orders/tea", ["v0", "v1", "v2"]) as ws:
                self.assertEqual(ws.accepted_subprotocol, "v2")

    def test_request_of_http(self):
        with self._served() as client:
            response = client.get("/orders/tea")
            self.assertEqual(response.status_code, 426)
            self.assertIn("WebSocket", response.json()["detail"])
            self.assertEqual(client.post("/orders/tea").status_code, 405)


class TestEvents(MessageCase):
    def test_events_beside_messages(self):
        self.env["test.fastapi.item"].create({"name": "first", "quantity": 3})
        with self._served() as client, client.websocket_connect("/feed") as ws:
            self.assertEqual(ws.receive_json()["name"], "first")
            ws.send_json({"name": "b"})
            self.assertEqual(ws.receive_json()["name"], "b")

    def test_failing_events(self):
        self.env["test.fastapi.item"].create({"name": "first"})
        with self._served() as client:
            with client.websocket_connect("/feed", headers={"X-Fail": "1"}) as ws:
                with (
                    self.assertLogs("odoo.http", "ERROR") as logs,
                    self.assertRaises(WebSocketDisconnect) as caught,
                ):
                    ws.receive_json()
                    ws.receive_json()
        self.assertEqual(caught.exception.code, 1011)
        self.assertIn("WebSocket /feed: ValueError: a secret", logs.output[0])

    def test_refused_connection(self):
        with self._served() as client:
            with self.assertRaises(WebSocketDenialResponse) as caught:
                with client.websocket_connect("/feed", headers={"X-Token": "refused"}):
                    self.fail("accepted")
        self.assertEqual(caught.exception.status_code, 403)
        self.assertEqual(caught.exception.json(), {"detail": "Refused"})
        self.assertEqual(self._items(), [])
