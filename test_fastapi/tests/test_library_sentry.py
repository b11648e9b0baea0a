# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .library_case import LibraryCase, on_each_server


class Collector(ThreadingHTTPServer):
    """Receives events of Sentry's client in place of Sentry."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), CollectorHandler)
        self.items = []


class CollectorHandler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        lines = body.splitlines()[1:]
        # an envelope: a header, then a header and a payload for each item
        for head, payload in zip(lines[::2], lines[1::2], strict=True):
            self.server.items.append((json.loads(head)["type"], json.loads(payload)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


class TestSentry(LibraryCase):
    distribution = "sentry-sdk"
    library = "library_sentry.set_up"

    @classmethod
    def setUpClass(cls):
        cls.collector = Collector()
        cls.addClassCleanup(cls.collector.server_close)
        thread = threading.Thread(target=cls.collector.serve_forever)
        thread.start()
        cls.addClassCleanup(thread.join)
        cls.addClassCleanup(cls.collector.shutdown)
        dsn = f"http://key@127.0.0.1:{cls.collector.server_port}/1"
        cls.variables = {"SENTRY_DSN": dsn}
        super().setUpClass()

    def sent(self, served, kind="event"):
        """Return everything that the client has sent, after a flush."""
        self.assertEqual(served.get("/flush").status_code, 200)
        return [payload for type_, payload in self.collector.items if type_ == kind]

    def setUp(self):
        super().setUp()
        self.collector.items.clear()

    @on_each_server
    def test_unhandled_exception_is_sent_once(self, served):
        for kind in ("async", "sync"):
            self.collector.items.clear()
            response = served.get(f"/{kind}/7?a=b", headers={"X-Client": "me"})
            self.assertEqual(response.status_code, 500)
            (event,) = self.sent(served)
            (exception,) = event["exception"]["values"]
            self.assertEqual(exception["type"], "Trouble")
            self.assertEqual(exception["value"], f"{kind} 7")
            frame = exception["stacktrace"]["frames"][-1]
            self.assertEqual(frame["function"], f"fail_{kind}")
            self.assertEqual(event["transaction"], f"/{kind}/{{number}}")
            request = event["request"]
            self.assertEqual(request["method"], "GET")
            self.assertEqual(request["url"], f"{served.address}/{kind}/7")
            self.assertEqual(request["query_string"], "a=b")
            self.assertEqual(request["headers"]["x-client"], "me")

    @on_each_server
    def test_transaction(self, served):
        served.get("/message")
        served.get("/sync/1")
        self.collector.items.clear()
        self.sent(served)
        self.collector.items.clear()
        served.get("/message")
        served.get("/sync/1")
        served.get("/http")
        found = [
            (
                transaction["transaction"],
                transaction["contexts"]["trace"]["op"],
                transaction["contexts"]["response"]["status_code"],
            )
            for transaction in self.sent(served, "transaction")
            if transaction["transaction"] != "/flush"
        ]
        self.assertEqual(
            found,
            [
                ("/message", "http.server", 200),
                ("/sync/{number}", "http.server", 500),
                ("/http", "http.server", 404),
            ],
        )

    @on_each_server
    def test_http_exception_is_not_sent(self, served):
        self.collector.items.clear()
        self.assertEqual(served.get("/http").status_code, 404)
        self.assertEqual(self.sent(served), [])

    @on_each_server
    def test_message(self, served):
        self.collector.items.clear()
        served.get("/message")
        (event,) = self.sent(served)
        self.assertEqual(event["message"], "a message")
        self.assertEqual(event["transaction"], "/message")

    @on_each_server
    def test_failing_background_task(self, served):
        self.collector.items.clear()
        self.assertEqual(served.get("/task").json(), "later")
        self.wait_until(lambda: bool(self.sent(served)), True)
        (event,) = self.sent(served)
        (exception,) = event["exception"]["values"]
        self.assertEqual(exception["value"], "in a task")
        self.assertEqual(event["transaction"], "/task")
