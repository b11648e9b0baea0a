# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Exception handlers that add an error code for programs to the response."""

import json
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from odoo.exceptions import AccessError, MissingError, UserError, ValidationError

__all__ = ["ERROR_CODES", "ErrorCodeHandler"]

#: The ``code`` in the body of the response, by type of the exception.
ERROR_CODES: dict[type[Exception], str] = {
    AccessError: "access_denied",
    MissingError: "not_found",
    UserError: "refused",
    ValidationError: "invalid",
}


class ErrorCodeHandler:
    """Adds a ``code`` to the response of another exception handler."""

    def __init__(
        self, next_handler: Callable[[Request, Exception], Response], code: str
    ) -> None:
        self.next_handler = next_handler
        self.code = code

    def __call__(self, request: Request, exc: Exception) -> Response:
        response = self.next_handler(request, exc)
        body = json.loads(bytes(response.body))
        response.body = json.dumps({**body, "code": self.code}).encode()
        response.headers["Content-Length"] = str(len(response.body))
        return response
