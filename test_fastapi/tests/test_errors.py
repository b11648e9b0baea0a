# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
import traceback

from odoo.http import _dispatchers
from odoo.tools import mute_logger

from ..routers.transactions import EXCEPTIONS
from .common import FastapiHttpCase

ORIGIN = {"Origin": "https://shop.example"}


# pylint: disable=missing-return  # it takes classes in tests for tests
class TestErrors(FastapiHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_endpoint("/demo1", app="demo", demo_auth_method="api_key")

    def _raise(self, exception_type, message="refused"):
        return self.get(
            "/demo1/demo/exception",
            params={"exception_type": exception_type, "error_message": message},
        )

    def test_statuses(self):
        for exception_type, status in (
            ("UserError", 400),
            ("ValidationError", 400),
            ("AccessError", 403),
            ("MissingError", 404),
            ("HTTPException", 409),
        ):
            with self.subTest(exception_type), self.assertNoLogs(level="WARNING"):
                response = self._raise(exception_type, "refused — été")
                self.assertEqual(response.status_code, status)
                self.assertEqual(response.json(), {"detail": "refused — été"})

    def test_validation_of_the_request(self):
        with self.assertNoLogs(level="WARNING"):
            response = self._raise("Unknown")
        self.assertEqual(response.status_code, 422)
        (error,) = response.json()["detail"]
        self.assertEqual(error["loc"], ["query", "exception_type"])

    def test_server_error_is_logged_once_and_reveals_nothing(self):
        with self.assertLogs(level="WARNING") as logs:
            response = self._raise("BareException", "secret of the server")
        self.assertEqual(response.status_code, 500)
        self.assertEqual(response.json(), {"detail": "Internal Server Error"})
        (record,) = logs.records
        self.assertEqual(record.levelno, logging.ERROR)
        self.assertEqual(str(record.exc_info[1]), "secret of the server")

    def test_response_that_violates_its_model(self):
        with self.assertLogs("odoo.http", "ERROR") as logs:
            response = self.get("/test/wrong_response")
        self.assertEqual(response.status_code, 500)
        self.assertEqual(response.json(), {"detail": "Internal Server Error"})
        self.assertEqual(len(logs.records), 1)

    def test_abort_of_werkzeug(self):
        response = self.get("/test/abort")
        self.assertEqual(response.status_code, 410)
        self.assertEqual(response.text, "unchanged")
        self.assertEqual(response.headers["X-Kept"], "yes")
        response = self.get("/test/abort/404")
        self.assertEqual(response.status_code, 404)
        self.assertIn("not found", response.json()["detail"])

    def test_custom_exception_handler(self):
        response = self.post("/test/items?name=tea&error=teapot")
        self.assertEqual(response.status_code, 418)
        self.assertEqual(
            response.json(),
            {"error": {"code": "teapot", "message": "short and stout"}},
        )

    @mute_logger("odoo.http", "odoo.sql_db")
    def test_errors_pass_the_middleware(self):
        for method, path, status in (
            ("GET", "/test/partner", 401),
            ("GET", "/test/unknown", 404),
            ("GET", "/test/abort/403", 403),
            ("POST", "/test/order", 422),
            ("GET", "/test/wrong_response", 500),
            ("POST", "/test/items?name=x&error=user", 400),
            ("POST", "/test/items?name=x&error=http", 409),
            ("POST", "/test/items?name=x&error=teapot", 418),
            # raised after the handler, at the flush
            ("POST", "/test/items?name=x&quantity=-1", 400),
        ):
            with self.subTest(path):
                response = self.call(method, path, headers=ORIGIN)
                self.assertEqual(response.status_code, status)
                self.assertEqual(
                    response.headers["Access-Control-Allow-Origin"],
                    "https://shop.example",
                )

    @mute_logger("odoo.sql_db")
    def test_error_of_the_database(self):
        self.env["test.fastapi.item"].create({"name": "taken"})
        response = self.post("/test/items?name=taken", headers=ORIGIN)
        self.assertEqual(response.status_code, 400)
        self.assertIn("An item of that name exists.", response.json()["detail"])
        self.assertIn("Access-Control-Allow-Origin", response.headers)

    def test_errors_after_the_app(self):
        for error, status in (("user", 400), ("http", 409), ("teapot", 418)):
            with self.subTest(error), self.assertNoLogs(level="WARNING"):
                path = f"/test/items/late?name=late&error={error}"
                self.assertEqual(self.post(path).status_code, status)
        with self.assertLogs(level="WARNING") as logs:
            response = self.post("/test/items/late?name=late&error=bare")
        self.assertEqual(response.json(), {"detail": "Internal Server Error"})
        (record,) = logs.records
        self.assertEqual(record.levelno, logging.ERROR)
        self.assertFalse(self.env["test.fastapi.item"].search([("name", "=", "late")]))

    def test_exception_raised_inside_and_outside_of_the_app(self):
        """A module-level exception doesn't carry a response to another request."""
        in_the_app = self.post("/test/items?name=x&error=http", headers=ORIGIN)
        for _time in range(2):
            later = self.post("/test/items/late?name=x&error=http")
            self.assertEqual(later.status_code, in_the_app.status_code)
            self.assertNotIn("Access-Control-Allow-Origin", later.headers)
            # the next request would find its data there
            attributes = {"status_code", "detail", "headers"}
            self.assertEqual(set(vars(EXCEPTIONS["http"])), attributes)

    def test_cors_preflight(self):
        response = self.call(
            "OPTIONS",
            "/test/items",
            headers={**ORIGIN, "Access-Control-Request-Method": "POST"},
        )
        self.assertEqual(response.status_code, 200)
        self.assertIn("POST", response.headers["Access-Control-Allow-Methods"])

    def test_dispatcher_override_shapes_every_error(self):
        base = _dispatchers["fastapi"]
        self.addCleanup(_dispatchers.__setitem__, "fastapi", base)

        class Referenced(base):
            def handle_error(self, exc):
                response = super().handle_error(exc)
                response.headers["X-Error-Type"] = type(exc).__name__
                return response

        self.assertIs(_dispatchers["fastapi"], Referenced)
        response = self._raise("UserError")
        self.assertEqual(response.headers["X-Error-Type"], "UserError")
        response = self.get("/test/unknown", headers=ORIGIN)
        self.assertEqual(response.headers["X-Error-Type"], "HTTPException")
        self.assertIn("Access-Control-Allow-Origin", response.headers)
        response = self.post("/test/order")
        self.assertEqual(response.headers["X-Error-Type"], "RequestValidationError")

    def test_dispatcher_override_sees_the_exception_itself(self):
        base = _dispatchers["fastapi"]
        self.addCleanup(_dispatchers.__setitem__, "fastapi", base)
        seen = []

        class Logging(base):
            def dispatch(self, endpoint, args):
                try:
                    return super().dispatch(endpoint, args)
                except Exception as exc:
                    seen.append((exc, traceback.extract_tb(exc.__traceback__)))
                    raise

        self._raise("UserError", "mine")
        ((exc, frames),) = seen
        self.assertEqual(type(exc).__name__, "UserError")
        self.assertEqual(set(vars(exc)), set())
        self.assertEqual(frames[-1].name, "exception", frames)  # the handler
