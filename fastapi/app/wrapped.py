# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Exceptions that a library has wrapped in one of its own.

A handler that reads a record through a schema raises what the record raises: an
``AccessError`` is a 403, a conflict with another transaction is replayed. But pydantic
and anyio raise something of their own instead:

====================================  ==================================  =========
raised in                             wrapped in                          original
====================================  ==================================  =========
an attribute of what is validated     ``get_attribute_error``             a string
a generator that is validated         ``iteration_error``                 a string
a schema that a validator validates   ``value_error``                     in ``ctx``
a serializer, in Python mode          ``PydanticSerializationError``      the cause
a serializer, in JSON mode            ``PydanticSerializationError``      a string
a task of a task group                ``ExceptionGroup``                  in it
====================================  ==================================  =========

Where pydantic keeps a string, the same thing is done a second time, without pydantic:
the attribute is read, the model is serialized in Python mode. What that raises counts
if it has the same string. If nothing is raised then (the attribute is read by another
name than that of the field, the generator is used up), the type is taken from the
string, if it is one of Odoo's or PostgreSQL's. Another type stays wrapped.
"""

from __future__ import annotations

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

#: What ``odoo.service.model.retrying`` replays, or turns into an error of its own
#: after a rollback: never handled by the app.
TRANSACTION_ERRORS = (
    ConcurrencyError,
    psycopg2.IntegrityError,
    psycopg2.OperationalError,
    psycopg2.errors.ReadOnlySqlTransaction,
)

#: What is worth more than what it is wrapped in: it has a status, or is replayed.
ORIGINALS = (
    UserError,
    HTTPException,
    WerkzeugHTTPException,
    SessionExpiredException,
    *TRANSACTION_ERRORS,
)
#: What ``odoo.service.model.retrying`` replays, of PostgreSQL's exceptions.
CONFLICTS = (
    psycopg2.errors.DeadlockDetected,
    psycopg2.errors.LockNotAvailable,
    psycopg2.errors.SerializationFailure,
)

#: Errors of pydantic that hold an exception as a string.
_TEXT_ERRORS = ("get_attribute_error", "iteration_error", "mapping_type")

#: What pydantic puts before the string of an exception, in JSON mode. Of its core:
#: ``serializers/errors.rs``, ``serializers/type_serializers/function.rs``.
_SERIALIZING = re.compile(
    r"(?:Error serializing to JSON: |PydanticSerializationError: "
    r"|Error calling function `[^`]*`: )*"
)


def unwrap(exc: Exception) -> Exception:
    """Return what a library has wrapped in an exception.

    To be called where the exception is caught: while the transaction lasts, the
    traceback is there.

    :param exc: any exception
    :return: an exception of Odoo, of PostgreSQL or an ``HTTPException``; ``exc`` itself
        if it wraps nothing of that kind
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
    errors = exc.errors()
    texts = []
    for error in errors:
        inner = error.get("ctx", {}).get("error")
        if isinstance(inner, Exception):
            original = unwrap(inner)
            if isinstance(original, ORIGINALS):
                return original
        elif error["type"] in _TEXT_ERRORS:
            texts.append(inner)
    # A conflict first: nothing can be read after it, and the rest follows from it.
    for text in texts:
        original = _from_text(text)
        if isinstance(original, ConcurrencyError | psycopg2.Error):
            return _out_of(original, exc)
    for error in errors:
        if error["type"] == "get_attribute_error":
            original = _read_again(error)
            if original is not None:
                return _out_of(original, exc)
    for text in texts:
        original = _from_text(text)
        if original is not None:
            return _out_of(original, exc)
    return None


def _read_again(error: dict[str, Any]) -> Exception | None:
    """Return what reading an attribute raises, if it is what pydantic was told."""
    try:
        getattr(error["input"], str(error["loc"][-1]))
    except Exception as exc:
        exc = unwrap(exc)
        if isinstance(exc, ORIGINALS) and error["ctx"]["error"] == _as_text(exc):
            return exc
    return None


def _of_serialization(exc: PydanticSerializationError) -> Exception | None:
    if isinstance(exc.__cause__, Exception):
        original = unwrap(exc.__cause__)
        return original if isinstance(original, ORIGINALS) else None
    text = str(exc)
    text = text[_SERIALIZING.match(text).end() :]
    original = _from_text(text)
    if not isinstance(original, ConcurrencyError | psycopg2.Error):
        original = _serialize_again(exc, text) or original
    return original and _out_of(original, exc)


def _serialize_again(exc: PydanticSerializationError, text: str) -> Exception | None:
    """Return what serializing in Python mode raises, if it is what the text says.

    pydantic keeps no reference to what it serializes: its own frame has one. The names
    are those of the parameters of two public methods.
    """
    frame = exc.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    values = frame.tb_frame.f_locals if frame is not None else {}
    serializer = values.get("self")
    if isinstance(serializer, BaseModel):
        dump, args = serializer.model_dump, ()
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
    """Return the one exception of a group; of several, one that Odoo replays."""
    leaves = [unwrap(leaf) for leaf in _leaves(exc)]
    for leaf in leaves:
        if isinstance(leaf, ConcurrencyError | psycopg2.OperationalError):
            return leaf
    if len(leaves) == 1 and isinstance(leaves[0], ORIGINALS):
        return leaves[0]
    return None


def _leaves(exc: Exception) -> Iterator[Exception]:
    # by its attributes: Python 3.10 has no such class, anyio brings one
    for member in _members(exc):
        if _members(member):
            yield from _leaves(member)
        elif isinstance(member, Exception):
            yield member


def _members(exc: BaseException) -> tuple[BaseException, ...]:
    members = getattr(exc, "exceptions", ())
    return members if isinstance(members, tuple) and hasattr(exc, "split") else ()


def _from_text(text: str) -> Exception | None:
    """Return an exception of the type that a text names, None if that is unknown.

    It is raised here, so that ``internal_texts`` can tell it from one of the app.
    """
    try:
        _raise_from_text(text)
    except Exception as exc:
        return exc
    return None


def _raise_from_text(text: str) -> None:
    name, _colon, message = text.partition(": ")
    of_odoo = getattr(odoo.exceptions, name, None)
    if isinstance(of_odoo, type) and issubclass(of_odoo, UserError | ConcurrencyError):
        raise of_odoo(message)
    of_postgres = getattr(psycopg2.errors, name, None)
    if not (isinstance(of_postgres, type) and issubclass(of_postgres, ORIGINALS)):
        return
    if issubclass(of_postgres, psycopg2.IntegrityError):
        # Odoo asks the exception for the constraint; only the lost one knows it
        raise odoo.exceptions.ValidationError(message)
    if issubclass(of_postgres, CONFLICTS):
        raise ConcurrencyError(text)  # Odoo would ask for its code, which is lost too
    raise of_postgres(message)


def _as_text(exc: BaseException) -> str:
    """Return an exception as pydantic writes it."""
    return f"{type(exc).__name__}: {exc}"


def _out_of(original: Exception, exc: Exception) -> Exception:
    """Let ``exc``, whose traceback leads to the handler, be seen with the original."""
    original.__context__ = exc
    return original
