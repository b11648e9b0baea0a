# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the log stores of an exception."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import ValidationException
from psycopg2.errors import CheckViolation, NotNullViolation
from pydantic import ValidationError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["describe_exception"]

#: Most characters of the text of an exception.
MAX_LENGTH = 2000


def describe_exception(exc: BaseException) -> str:
    """Return type and text of an exception.

    Errors of validation are listed without what the client has sent, which may be a
    password. The row that PostgreSQL shows if it violates a constraint is left out: its
    columns have no names, so nothing tells which of them are secret.
    """
    text = type(exc).__name__
    with suppress(Exception):  # ``__str__`` may fail
        if isinstance(exc, ValidationException | ValidationError):
            text = f"{text}: {_describe_errors(exc.errors())}"
        else:
            text = f"{text}: {exc}" if str(exc) else text
        if isinstance(exc, CheckViolation | NotNullViolation):
            if row := exc.diag.message_detail:
                text = text.replace(row, "…")
    return text if len(text) <= MAX_LENGTH else f"{text[:MAX_LENGTH]}…"


def _describe_errors(errors: Sequence[Any]) -> str:
    return "; ".join(
        f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in errors
    )
