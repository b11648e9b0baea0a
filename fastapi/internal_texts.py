# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Replaces texts of exceptions that clients must not read.

An ``AccessError`` of Odoo's access check names models, groups and users. Apps and
business addons raise the same types with texts for their users. So the module that
raised the exception, the innermost one of its traceback, decides:

===================================================  ==================================
raised in                                            the client reads
===================================================  ==================================
``odoo``: the ORM, ``service``, ``http``, …          a sentence of ``SENTENCES``
the addons ``base`` and ``web``                      a sentence of ``SENTENCES``
- ``BUSINESS_MODELS`` of ``base``, except errors     the text
  of access
``odoo.tools``, for example an invalid image         the text
all other addons, code of server actions             the text
a constraint of the database                         its message, or if it has none, a
                                                     sentence of ``SENTENCES``
===================================================  ==================================

The text of an exception that was never raised is not replaced. If a library has kept
only the text, so that its origin is unknown (``app.wrapped``), it is replaced.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

import psycopg2

from odoo.exceptions import AccessDenied, AccessError, MissingError, UserError
from odoo.http import request
from odoo.tools.translate import LazyTranslate

from .context import odoo_env_ctx

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, TracebackType

    from odoo.tools.translate import LazyGettext

__all__ = ["get_public_text", "is_internal", "raising_line", "translate_for_client"]

_lt = LazyTranslate(__name__)

#: Sentences that replace texts, by status.
SENTENCES = {
    400: _lt("This operation can't be completed."),
    403: _lt("You are not allowed to do this."),
    404: _lt("This record does not exist."),
}

#: Modules of ``base`` whose texts are about business rules.
BUSINESS_MODELS = tuple(
    f"res_{name}" for name in "bank company country currency lang partner".split()
)
#: Module that raises exceptions whose origin a library has hidden.
WRAPPED = "odoo.addons.fastapi.app.wrapped"
#: Module that turns a violated constraint into a ``ValidationError``.
_RETRYING = ("odoo.service.model",)
#: Modules that call handlers and dependencies.
_CALLERS = (
    "fastapi",
    "starlette",
    "odoo.addons.fastapi.app",
    "odoo.addons.fastapi.app_request",
    "odoo.addons.fastapi.bridge",
    "odoo.addons.fastapi.fastapi_dispatcher",
    "odoo.addons.fastapi.request_cycle",
)
#: Modules that may call the code of an app, or that it may call.
_LIBRARIES = (
    "anyio",
    "asyncio",
    "contextlib",
    "odoo.addons.fastapi.transaction_errors",
    "pydantic",
    "werkzeug",
)


def is_internal(exc: BaseException) -> bool:
    """Return whether clients must not read the text of an exception."""
    if not isinstance(exc, UserError):
        return False
    frames = list(_frames(exc.__traceback__))
    module = frames[-1][0] if frames else ""
    cause = exc.__cause__
    if isinstance(cause, psycopg2.IntegrityError) and _is_below(module, _RETRYING):
        return not _has_message(cause)
    if module.startswith("odoo.addons.base."):
        return module.rpartition(".")[2] not in BUSINESS_MODELS or isinstance(
            exc, AccessDenied | AccessError | MissingError
        )
    return _is_framework(module) or module == WRAPPED


def get_public_text(status: int) -> str:
    """Return the sentence that replaces a text of Odoo, in the client's language."""
    return translate_for_client(SENTENCES.get(status, SENTENCES[400]))


def translate_for_client(text: LazyGettext) -> str:
    """Return a text in the language of the client."""
    env = odoo_env_ctx.get(None) or (request.env if request else None)
    lang = env.context.get("lang") if env is not None else None
    return str(text._translate(lang or "en_US"))


def raising_line(exc: BaseException) -> str:
    """Return the line of the app's code that an exception comes from.

    :return: ``file:line, in function`` of the handler or dependency, followed by the
        innermost line that it has called outside of Odoo and libraries; empty if no app
        is involved
    """
    seen: set[int] = set()
    error: BaseException | None = exc
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        lines: list[str] = []
        for module, frame, line in _frames(error.__traceback__):
            if _is_below(module, _CALLERS):
                lines = []  # drop those of a middleware
            elif not _is_framework(module) and not _is_below(module, _LIBRARIES):
                code = frame.f_code
                lines.append(f"{code.co_filename}:{line}, in {code.co_name}")
        if lines:
            return " > ".join(dict.fromkeys((lines[0], lines[-1])))
        # Odoo's ValidationError has the violated constraint as its cause
        error = error.__cause__ or error.__context__
    return ""


def _frames(
    tb: TracebackType | None,
) -> Iterator[tuple[str, FrameType, int]]:
    for frame, line in traceback.walk_tb(tb):
        yield frame.f_globals.get("__name__") or "", frame, line


def _is_below(module: str, packages: tuple[str, ...]) -> bool:
    return any(
        module == package or module.startswith(f"{package}.") for package in packages
    )


def _is_framework(module: str) -> bool:
    """Return whether a module belongs to Odoo's framework."""
    if _is_below(module, ("odoo.addons",)):
        return module.split(".")[2] in ("base", "web")
    return _is_below(module, ("odoo",)) and not _is_below(module, ("odoo.tools",))


def _has_message(error: psycopg2.IntegrityError) -> bool:
    """Return whether the violated constraint has a message.

    As in ``_sql_error_to_message`` of ``odoo.models``.
    """
    diag: Any = error.diag
    env = odoo_env_ctx.get(None) or (request.env if request else None)
    if not diag.constraint_name or env is None:
        return False
    for model in env.registry.values():
        if model._table == diag.table_name:
            constraint = model._table_objects.get(diag.constraint_name)
            return constraint is not None and bool(constraint.message)
    return False
