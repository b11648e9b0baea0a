# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import traceback

from odoo.tools import mute_logger

from .common import FastapiHttpCase

ENDPOINT = "(endpoint Test at /test)"


class TestFailureLog(FastapiHttpCase):
    """The log names the failing route and the developer's function."""

    def fail(self, path, logger="odoo.http"):
        """Return the single log record of a failing request."""
        with self.assertLogs(logger, "ERROR") as logs:
            response = self.get(f"/test/failing{path}")
        self.assertEqual(response.status_code, 500)
        (record,) = logs.records
        return record

    def assertHeadline(self, record, text):
        self.assertEqual(record.getMessage().splitlines()[0], text)

    def assertFrame(self, record, function):
        frames = traceback.extract_tb(record.exc_info[2])
        self.assertIn(function, [frame.name for frame in frames])

    def test_headline(self):
        for path, template, function in (
            ("/boom/7", "/test/failing/boom/{number}", "boom"),
            ("/boom/async/7", "/test/failing/boom/async/{number}", "boom_async"),
        ):
            with self.subTest(path):
                record = self.fail(path)
                self.assertHeadline(
                    record,
                    f"GET {template} {ENDPOINT}: ZeroDivisionError: division by zero",
                )
                self.assertFrame(record, function)

    def test_plain_route(self):
        record = self.fail("/plain/x")
        self.assertHeadline(
            record,
            f"GET /test/failing/plain/{{name}} {ENDPOINT}: "
            "ZeroDivisionError: in a plain route",
        )
        self.assertFrame(record, "plain")

    def test_app_that_cannot_be_built(self):
        self._create_endpoint("/broken", app="test_breakable", description="hook")
        with self.assertLogs("odoo.http", "ERROR") as logs:
            response = self.get("/broken/items/7")
        self.assertEqual(response.status_code, 503)
        (record,) = logs.records
        self.assertHeadline(
            record,
            "GET /broken/items/7 (endpoint Test at /broken): AppBuildError: "
            "The app of the endpoint 'Test at /broken' at /broken fails.",
        )
        self.assertFrame(record, "build")

    def test_failure_after_the_handler(self):
        with self.assertLogs("odoo.http", "ERROR") as logs:
            response = self.post("/test/items/late?name=late&error=bare")
        self.assertEqual(response.status_code, 500)
        (record,) = logs.records
        self.assertHeadline(
            record, f"POST /test/items/late {ENDPOINT}: ZeroDivisionError: secret"
        )

    def test_response_that_violates_its_schema(self):
        record = self.fail("/wrong_type")
        message = record.getMessage()
        self.assertIn(
            f"GET /test/failing/wrong_type {ENDPOINT}: ResponseValidationError: ",
            message,
        )
        self.assertRegex(
            message,
            r'File ".*/test_fastapi/routers/failing\.py", line \d+, in wrong_type\n',
        )
        self.assertNotIn("/fastapi/app/", message)

    def test_handler_returns_a_record(self):
        for path, returned, promised, advice in (
            (
                "/record",
                r"res\.users\(\d+,\)",
                "Amount is promised",
                r"Amount\.model_validate\(record\)",
            ),
            (
                "/record/plain",
                r"res\.users\(\d+,\)",
                "no schema is promised",
                r"Schema\.model_validate\(record\)",
            ),
        ):
            with self.subTest(path):
                message = self.fail(path).getMessage()
                self.assertRegex(
                    message,
                    r"The handler \(.*/failing\.py:\d+, in return_record\w*\) "
                    rf"returned {returned}, which is a recordset of Odoo; {promised}\. "
                    rf"Let it return {advice}",
                )

    def test_stream(self):
        for path, template, text in (
            (
                "/stream/x",
                "/stream/{name}",
                "ZeroDivisionError: in the stream",
            ),
            (
                "/wrong_type/stream",
                "/wrong_type/stream",
                "ResponseValidationError: 1 validation error:",
            ),
        ):
            with (
                self.subTest(path),
                self.assertLogs("odoo.addons.fastapi", "ERROR") as logs,
                self.assertRaises(OSError),
            ):
                self.get(f"/test/failing{path}")
            (record,) = logs.records
            self.assertHeadline(
                record,
                "A stream failed, and is cut off: "
                f"GET /test/failing{template} {ENDPOINT}: {text}",
            )
            if "wrong_type" in path:
                self.assertIn("in wrong_type_in_stream", record.getMessage())

    @mute_logger("odoo.http")
    def test_task(self):
        with self.assertLogs("odoo.addons.fastapi", "ERROR") as logs:
            self.assertEqual(self.get("/test/failing/task/x").status_code, 200)
        (record,) = logs.records
        self.assertHeadline(
            record,
            "Background task failing_task failed, and is rolled back: "
            f"GET /test/failing/task/{{name}} {ENDPOINT}: "
            "ZeroDivisionError: in the task",
        )
