# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Unwraps exceptions that libraries have wrapped.

If a schema reads a record, the exception of the record counts: an ``AccessError`` is a
403, a conflict with another transaction is replayed. But pydantic and anyio wrap it:

====================================  ==================================  =============
raised in                             wrapped in                          original
====================================  ==================================  =============
an attribute of a validated object    ``get_attribute_error``             only its text
a validated generator                 ``iteration_error``                 only its text
a validator that validates a schema   ``value_error``                     in ``ctx``
a serializer in Python mode           ``PydanticSerializationError``      the cause
a serializer in JSON mode             ``PydanticSerializationError``      only its text
a task of a task group                ``ExceptionGroup``                  a member
====================================  ==================================  =============

If there is only a text, the operation is repeated without pydantic: the attribute is
read, or the model is serialized in Python mode. The resulting exception counts if it
has the same text. There may be none: the attribute has another name than the field, or
the generator is exhausted. Then the type in the text counts, if it is one of Odoo or
PostgreSQL. Other exceptions stay wrapped.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

import psycopg2
from fastapi.exceptions import ValidationException
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError
from starlette.exceptions import HTTPException
from werkzeug.exceptions import HTTPException as WerkzeugHTTPException

import odoo.exceptions
from odoo.exceptions import ConcurrencyError, UserError
from odoo.http import SessionExpiredException

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["TRANSACTION_ERRORS", "unwrap"]

#: Exceptions that ``odoo.service.model.retrying`` replays, or replaces after a
#: rollback. The app must not handle them.
TRANSACTION_ERRORS = (
    ConcurrencyError,
    psycopg2.IntegrityError,
    psycopg2.OperationalError,
    psycopg2.errors.ReadOnlySqlTransaction,
)

#: Exceptions that replace their wrapper, because they have a status or are replayed.
ORIGINALS = (
    UserError,
    HTTPException,
    WerkzeugHTTPException,
    SessionExpiredException,
    *TRANSACTION_ERRORS,
)
#: PostgreSQL's exceptions that ``odoo.service.model.retrying`` replays.
CONFLICTS = (
    psycopg2.errors.DeadlockDetected,
    psycopg2.errors.LockNotAvailable,
    psycopg2.errors.SerializationFailure,
)

#: Types of pydantic's errors that contain the text of an exception.
_TEXT_ERRORS = ("get_attribute_error", "iteration_error", "mapping_type")

#: Prefixes of that text in JSON mode, from pydantic's core (``serializers/errors.rs``,
#: ``serializers/type_serializers/function.rs``).
_SERIALIZING = re.compile(
    r"^(?:Error serializing to JSON: |PydanticSerializationError: "
    r"|Error calling function `[^`]*`: )*"
)


def unwrap(exc: Exception) -> Exception:
    """Return the exception that another one wraps.

    Call this where the exception is caught, before the rollback: it needs the traceback
    and the transaction.

    :return: an exception of Odoo or PostgreSQL, or an ``HTTPException``; ``exc`` itself
        if it wraps none of them
    """
    if isinstance(exc, ORIGINALS):
        return exc
    if isinstance(exc, ValidationError | ValidationException):
        original = _of_validation(exc)
    elif isinstance(exc, PydanticSerializationError):
        original = _of_serialization(exc)
    else:
        original = _of_group(exc)
    return original or exc


def _of_validation(exc: ValidationError | ValidationException) -> Exception | None:
    # an app that raises it with its own errors may use other types, and leave out keys
    errors: list[Any] = [error for error in exc.errors() if isinstance(error, dict)]
    named = []
    for error in errors:
        inner = (error.get("ctx") or {}).get("error")
        if isinstance(inner, Exception):
            original = unwrap(inner)
            if isinstance(original, ORIGINALS):
                return original
        elif isinstance(inner, str) and error.get("type") in _TEXT_ERRORS:
            named.append(_from_text(inner))
    # a conflict takes precedence, as it may be the cause of the others
    for found in named:
        if isinstance(found, ConcurrencyError | psycopg2.Error):
            return _out_of(found, exc)
    again = (_read_again(e) for e in errors if e.get("type") == "get_attribute_error")
    found = next(filter(None, itertools.chain(again, named)), None)
    return _out_of(found, exc) if found else None


def _read_again(error: dict[str, Any]) -> Exception | None:
    """Return the exception of reading an attribute, if it has the same text."""
    try:
        getattr(error["input"], str(error["loc"][-1]))
    except Exception as exc:
        exc = unwrap(exc)
        if isinstance(exc, ORIGINALS) and error["ctx"]["error"] == _as_text(exc):
            return exc
    return None


def _of_serialization(exc: PydanticSerializationError) -> Exception | None:
    if isinstance(exc.__cause__, Exception):
        cause = unwrap(exc.__cause__)
        return cause if isinstance(cause, ORIGINALS) else None
    text = _SERIALIZING.sub("", str(exc), 1)
    original = _from_text(text)
    if not isinstance(original, ConcurrencyError | psycopg2.Error):
        original = _serialize_again(exc, text) or original
    return original and _out_of(original, exc)


def _serialize_again(exc: PydanticSerializationError, text: str) -> Exception | None:
    """Return the exception of serializing in Python mode, if it has the same text.

    Only the frame of pydantic's method has the serialized object. The names in it are
    parameters of public methods.
    """
    frame = exc.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    values = frame.tb_frame.f_locals if frame is not None else {}
    serializer = values.get("self")
    dump: Any
    args: tuple[Any, ...] = ()
    if isinstance(serializer, BaseModel):
        dump = serializer.model_dump
    elif isinstance(serializer, TypeAdapter) and "instance" in values:
        dump, args = serializer.dump_python, (values["instance"],)
    else:
        return None
    try:
        dump(*args, mode="json", by_alias=values.get("by_alias"), warnings=False)
    except Exception as error:
        original = unwrap(error)
        if isinstance(original, ORIGINALS) and _as_text(original) == text:
            return original
    return None


def _of_group(exc: Exception) -> Exception | None:
    """Return the only exception of a group, or one that Odoo replays."""
    leaves = [unwrap(leaf) for leaf in _leaves(exc)]
    for leaf in leaves:
        if isinstance(leaf, ConcurrencyError | psycopg2.OperationalError):
            return leaf
    if len(leaves) == 1 and isinstance(leaves[0], ORIGINALS):
        return leaves[0]
    return None


def _leaves(exc: BaseException) -> Iterator[Exception]:
    # Python 3.10 has no ExceptionGroup; anyio uses a backport
    for member in _members(exc):
        if _members(member):
            yield from _leaves(member)
        elif isinstance(member, Exception):
            yield member


def _members(exc: BaseException) -> tuple[BaseException, ...]:
    members = getattr(exc, "exceptions", ())
    return members if isinstance(members, tuple) and hasattr(exc, "split") else ()


def _from_text(text: str) -> Exception | None:
    """Return an exception of the type that a text names, None for other types.

    It is raised in this module, because ``internal_texts`` checks the raising module.
    """
    try:
        _raise_from_text(text)
    except Exception as exc:
        return exc
    return None


def _raise_from_text(text: str) -> None:
    name, _colon, message = text.partition(": ")
    of_odoo: Any = getattr(odoo.exceptions, name, None)
    if isinstance(of_odoo, type) and issubclass(of_odoo, UserError | ConcurrencyError):
        raise of_odoo(message)
    of_postgres: Any = getattr(psycopg2.errors, name, None)
    if not (isinstance(of_postgres, type) and issubclass(of_postgres, ORIGINALS)):
        return
    if issubclass(of_postgres, psycopg2.IntegrityError):
        # Odoo would read the constraint from the original exception
        raise odoo.exceptions.ValidationError(message)
    if issubclass(of_postgres, CONFLICTS):
        raise ConcurrencyError(text)  # Odoo would read the code of the original
    error: Any = of_postgres
    raise error(message)


def _as_text(exc: BaseException) -> str:
    """Convert an exception to a text as pydantic does."""
    return f"{type(exc).__name__}: {exc}"


def _out_of(original: Exception, exc: Exception) -> Exception:
    """Make ``exc``, whose traceback leads to the handler, the original's context."""
    original.__context__ = exc
    return original
