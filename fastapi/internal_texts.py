# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Texts of exceptions that clients must not read.

An ``AccessError`` of Odoo's access check names models, groups and users, a missing
value the field and its model. What the code of an app or of a business addon says, it
says to its users. Both raise the same types, so where an exception was raised decides:
in the innermost frame of its traceback.

===================================================  ==================================
raised in                                            for the client
===================================================  ==================================
``odoo``: the ORM, ``service``, ``http``, …          a sentence of ours
the addon ``base``                                   a sentence of ours
- ``res.partner``, ``res.company`` and the like,     the text
  but for errors of access
the addon ``web``                                    a sentence of ours
``odoo.tools``: an image that is none, for example   the text
all other addons, code of server actions             the text
a constraint of the database                         its message; a sentence of ours if
                                                     it has none
===================================================  ==================================

An exception that was never raised has the text that the app gave it. One whose origin
is unknown, since a library has kept its text alone (``app.wrapped``), is Odoo's.
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

#: What the client reads instead, by status.
SENTENCES = {
    400: _lt("This operation can't be completed."),
    403: _lt("You are not allowed to do this."),
    404: _lt("This record does not exist."),
}

#: Modules of ``base`` whose rules are those of a business.
BUSINESS_MODELS = (
    "res_bank",
    "res_company",
    "res_country",
    "res_currency",
    "res_lang",
    "res_partner",
)
#: Module that raises an exception whose origin a library has hidden.
WRAPPED = "odoo.addons.fastapi.app.wrapped"
#: What makes a ``ValidationError`` of a violated constraint: Odoo, and the stand-in for
#: it in tests (``FastAPITransactionCase``).
_RETRYING = ("odoo.service.model", "odoo.addons.fastapi.tests")
#: Modules that call handlers and dependencies.
_CALLERS = (
    "fastapi",
    "starlette",
    "odoo.addons.fastapi.bridge",
    "odoo.addons.fastapi.fastapi_dispatcher",
)
#: Modules between them and the code of an app, and below it.
_LIBRARIES = (
    "anyio",
    "asyncio",
    "contextlib",
    "odoo.addons.fastapi.transaction_errors",
    "pydantic",
    "werkzeug",
)


def is_internal(exc: BaseException) -> bool:
    """Return whether the text of an exception is Odoo's, and not for clients."""
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
    """Return what a client reads instead of a text of Odoo, in its language."""
    return translate_for_client(SENTENCES.get(status, SENTENCES[400]))


def translate_for_client(text: LazyGettext) -> str:
    """Return a text in the language of the client."""
    env = odoo_env_ctx.get(None) or (request.env if request else None)
    lang = env.context.get("lang") if env is not None else None
    return text._translate(lang or "en_US")


def raising_line(exc: BaseException) -> str:
    """Return the line of the app's code that an exception comes from.

    :return: ``file:line, in function`` of the handler or dependency; if that has called
        another addon, its line follows. Empty if Odoo was not called by an app's code.
    """
    seen: set[int] = set()
    error: BaseException | None = exc
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        lines: list[str] = []
        for module, frame, line in _frames(error.__traceback__):
            if _is_below(module, _CALLERS):
                lines = []  # of a middleware
            elif not _is_framework(module) and not _is_below(module, _LIBRARIES):
                code = frame.f_code
                lines.append(f"{code.co_filename}:{line}, in {code.co_name}")
        if lines:
            return " > ".join(dict.fromkeys((lines[0], lines[-1])))
        # a conflict with a constraint is the cause of what Odoo makes of it
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
    """Return whether a module is Odoo's own."""
    if _is_below(module, ("odoo.addons",)):
        return module.split(".")[2] in ("base", "web")
    return _is_below(module, ("odoo",)) and not _is_below(module, ("odoo.tools",))


def _has_message(error: psycopg2.IntegrityError) -> bool:
    """Return whether the violated constraint says something of its own.

    As ``_sql_error_to_message`` of Odoo's models finds it.
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
