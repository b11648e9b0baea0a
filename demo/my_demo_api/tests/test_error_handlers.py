# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The exception handler that adds a code; pure Python."""

from fastapi.responses import JSONResponse
from starlette.requests import Request

from odoo.exceptions import UserError
from odoo.tests import BaseCase

from odoo.addons.my_demo_api.error_handlers import ErrorCodeHandler


class TestErrorCodeHandler(BaseCase):
    def test_response_of_the_next_handler_gets_a_code(self):
        def next_handler(request, exc):
            return JSONResponse(
                {"detail": str(exc)}, status_code=418, headers={"Retry-After": "5"}
            )

        handler = ErrorCodeHandler(next_handler, "teapot")
        response = handler(Request({"type": "http"}), UserError("no coffee"))
        body = b'{"detail": "no coffee", "code": "teapot"}'
        self.assertEqual(response.body, body)
        self.assertEqual(response.status_code, 418)
        self.assertEqual(response.headers["Retry-After"], "5")
        self.assertEqual(response.headers["Content-Length"], str(len(body)))

    def test_exceptions_of_the_next_handler_are_raised(self):
        def next_handler(request, exc):
            raise exc

        handler = ErrorCodeHandler(next_handler, "teapot")
        with self.assertRaisesRegex(UserError, "no coffee"):
            handler(Request({"type": "http"}), UserError("no coffee"))
