# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Errors of Odoo, answered with a code that programs can rely on."""

import json
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from odoo.exceptions import AccessError, MissingError, UserError, ValidationError

__all__ = ["ERROR_CODES", "ErrorCodeHandler"]

#: What the body of an answer has as ``code``, by type of the exception.
ERROR_CODES: dict[type[Exception], str] = {
    AccessError: "access_denied",
    MissingError: "not_found",
    UserError: "refused",
    ValidationError: "invalid",
}


class ErrorCodeHandler:
    """Exception handler that adds a code to the answer of another one.

    :param next_handler: makes the answer
    :param code: what to add as ``code``
    """

    def __init__(
        self, next_handler: Callable[[Request, Exception], Response], code: str
    ) -> None:
        self.next_handler = next_handler
        self.code = code

    def __call__(self, request: Request, exc: Exception) -> Response:
        """Return the answer of the next handler; status and headers stay."""
        response = self.next_handler(request, exc)
        body = json.loads(response.body)
        response.body = json.dumps({**body, "code": self.code}).encode()
        response.headers["Content-Length"] = str(len(response.body))
        return response
