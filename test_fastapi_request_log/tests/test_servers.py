# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Rows of calls with real transactions, in a server of its own."""

import socket
import uuid
from contextlib import closing

from odoo.addons.test_fastapi.tests.server_case import LOCK, ServerCase
from odoo.addons.test_fastapi.tests.servers import Background


class LogServerCase(ServerCase):
    """Servers whose endpoint ``/log`` logs all calls."""

    def setUp(self):
        super().setUp()
        self.endpoint_id = self.create_endpoint(
            self.first, "/log", app="test_log", request_log="all"
        )

    def clean_up(self):  # pylint: disable=missing-return
        super().clean_up()
        self.query("DELETE FROM fastapi_request_log")

    def rows(self, request_id, *columns):
        query = (
            f"SELECT {', '.join(columns)} FROM fastapi_request_log "
            "WHERE request_id = %s ORDER BY id"
        )
        return self.query(query, request_id)

    def row(self, request_id, *columns):
        """Return columns of the row of a request, as soon as it is written."""
        self.wait_until(lambda: len(self.rows(request_id, "id")), 1)
        return self.rows(request_id, *columns)[0]

    def has_line(self, *texts):
        """Return whether a line of the server's log has all these texts."""
        lines = list(self.first.log)
        return any(all(text in line for text in texts) for line in lines)

    def request(self, method, path, body=None, headers=None, server=None):
        """Return the response, and the request id."""
        response = (server or self.first).request(
            method, f"/log{path}", body, headers or {}
        )
        return response, response.headers["X-Request-ID"]


class TestRows(LogServerCase):
    def test_call_and_its_lines_in_the_log(self):
        _response, request_id = self.request("GET", "/items/1")
        self.assertEqual(
            self.row(request_id, "status", "route", "attempts", "error"),
            (200, "/log/items/{item_id}", 1, None),
        )
        for text in ("An item is read", '"GET /log/items/1'):
            self.wait_until(lambda text=text: self.has_line(text, request_id), True)

    def test_rolled_back_requests_are_there(self):
        response, request_id = self.request("GET", "/fail/value?text=lost")
        self.assertEqual(response.status, 500)
        self.assertEqual(
            response.json(),
            {"detail": "Internal Server Error", "request_id": request_id},
        )
        status, error, place = self.row(request_id, "status", "error", "error_place")
        self.assertEqual((status, error), (500, "ValueError: lost"))
        self.assertRegex(place, r"routers\.py:\d+, in fail$")
        self.wait_until(lambda: self.has_line("ValueError: lost", request_id), True)

    def test_error_at_the_commit(self):
        response, request_id = self.request("GET", "/fail/commit")
        self.assertEqual(response.status, 500)
        status, error = self.row(request_id, "status", "error")
        self.assertEqual(status, 500)
        self.assertIn("DivisionByZero", error)

    def test_replay(self):
        self.create_endpoint(self.first, "/items")
        item_id = self.create_item(self.first, "/items")
        self.query("SELECT pg_advisory_lock(%s)", LOCK)
        path = f"/increment/{item_id}?lock={LOCK}"
        call = Background(self.request, "GET", path)
        self.wait_for_lock(1)
        self.query("UPDATE test_fastapi_item SET quantity = 10 WHERE id = %s", item_id)
        self.query("SELECT pg_advisory_unlock(%s)", LOCK)
        response, request_id = call.result()
        self.assertEqual(response.json(), 11)
        self.assertEqual(
            self.row(request_id, "status", "attempts", "error"), (200, 2, None)
        )

    def test_task_is_not_part_of_the_duration(self):
        self.query("SELECT pg_advisory_lock(%s)", LOCK)
        _response, request_id = self.request("GET", f"/task?lock={LOCK}")
        self.wait_for_lock(1)
        self.assertEqual(self.row(request_id, "status"), (200,))
        self.query("SELECT pg_advisory_unlock(%s)", LOCK)

    def test_endpoint_that_is_locked(self):
        """The writer waits until the other transaction ends."""
        connection = self.connect()
        connection.autocommit = False
        with closing(connection), connection.cursor() as cr:
            cr.execute(
                "SELECT FROM fastapi_endpoint WHERE id = %s FOR UPDATE",
                [self.endpoint_id],
            )
            _response, request_id = self.request("GET", "/items/1")
            self.wait_until(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                "AND datname = current_database() AND query LIKE '%%FOR KEY SHARE%%'",
                [(1,)],
            )
        self.assertEqual(self.row(request_id, "status"), (200,))

    def test_stream(self):
        response, request_id = self.request("GET", "/stream")
        self.assertEqual(len(response.body), 30)
        self.assertEqual(
            self.row(request_id, "status", "response_size", "error"), (200, 30, None)
        )

    def test_stream_that_fails(self):
        request_id = uuid.uuid4().hex
        self.send("/log/stream?fail=1", request_id).recv(1)
        self.assertEqual(
            self.row(request_id, "status", "error", "response_size"),
            (200, "ValueError: the stream fails", 30),
        )

    def test_client_that_goes_away(self):
        request_id = uuid.uuid4().hex
        client = self.send("/log/endless", request_id)
        client.recv(65536)
        client.close()
        status, error = self.row(request_id, "status", "error")
        self.assertEqual(status, 200)
        self.assertIn("disconnected", error)

    def test_client_that_is_reset_before_the_answer(self):
        """werkzeug does not close the response."""
        self.query("SELECT pg_advisory_lock(%s)", LOCK)
        request_id = uuid.uuid4().hex
        client = self.send(f"/log/locked?lock={LOCK}", request_id)
        self.wait_for_lock(1)
        # close with a reset
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
        self.query("SELECT pg_advisory_unlock(%s)", LOCK)
        self.assertEqual(self.row(request_id, "status"), (200,))

    def send(self, path, request_id):
        """Send a request, and return the socket."""
        client = socket.create_connection(("127.0.0.1", self.first.port), 20)
        self.addCleanup(client.close)
        client.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"X-Request-ID: {request_id}\r\n\r\n".encode()
        )
        return client

    def test_errors_only(self):
        write = ("fastapi.endpoint", "write", [self.endpoint_id])
        self.first.rpc(*write, {"request_log": "errors"})
        _response, good = self.request("GET", "/items/1")
        _response, bad = self.request("GET", "/items/x")
        self.assertEqual(self.row(bad, "status"), (422,))
        self.assertEqual(self.rows(good, "status"), [])
        self.wait_until(
            "SELECT sum(calls)::int, sum(client_errors)::int "
            f"FROM fastapi_request_hour WHERE endpoint_id = {self.endpoint_id}",
            [(2, 1)],
        )

    def test_off(self):
        write = ("fastapi.endpoint", "write", [self.endpoint_id])
        self.first.rpc(*write, {"request_log": "off"})
        response = self.first.request("GET", "/log/fail/value", None, {})
        self.assertNotIn("X-Request-ID", response.headers)
        self.assertEqual(response.json(), {"detail": "Internal Server Error"})

    def test_endpoint_that_is_deleted_meanwhile(self):
        """Its call is dropped, and the other calls of the batch are written."""
        self.query("SELECT pg_advisory_lock(%s)", LOCK)
        other_id = self.create_endpoint(
            self.first, "/other", app="test_log", request_log="all"
        )
        lost_id = uuid.uuid4().hex
        call = Background(
            self.first.request,
            "GET",
            f"/other/locked?lock={LOCK}",
            None,
            {"X-Request-ID": lost_id},
        )
        self.wait_for_lock(1)
        self.first.rpc("fastapi.endpoint", "unlink", [other_id])
        self.created.remove(other_id)
        self.query("SELECT pg_advisory_unlock(%s)", LOCK)
        self.assertEqual(call.result().status, 200)
        _response, request_id = self.request("GET", "/items/1")
        self.assertEqual(self.row(request_id, "status"), (200,))
        self.assertEqual(self.rows(lost_id, "status"), [])

    def test_lines_of_other_requests_have_no_id(self):
        self.request("GET", "/items/1")
        self.first.request("GET", "/web/health", None, {})
        self.wait_until(lambda: self.has_line("GET /web/health"), True)
        self.assertFalse(self.has_line("GET /web/health", "[request "))

    def test_stop_writes_the_last_calls(self):
        server = self.start_server()
        _response, request_id = self.request("GET", "/items/1", server=server)
        server.stop()
        self.assertEqual(self.rows(request_id, "status"), [(200,)])
