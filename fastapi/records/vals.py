# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Turns what a client has sent into the values that ``create`` and ``write`` take."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable
from datetime import datetime, timezone
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tools.translate import LazyTranslate

from ..context import odoo_env_ctx

if TYPE_CHECKING:
    from odoo.fields import Field
    from odoo.models import BaseModel as Record
    from odoo.tools.translate import LazyGettext

    from .rows import Column

__all__ = ["to_plain", "to_vals"]

_lt = LazyTranslate(__name__)

MAX_INTEGER = 2**31 - 1  # of PostgreSQL


def to_vals(schema: Any, record: Record) -> dict[str, Any]:
    """Return the values of a schema for ``create`` or ``write``.

    See :meth:`~.schema.RecordSchema.to_vals`.
    """
    vals = {}
    attributes = type(schema).model_fields
    for attribute, column in zip(attributes, schema._get_record_columns(), strict=True):
        if attribute not in schema.model_fields_set:
            continue
        name = column.find_source(record)
        if name == "id":
            continue
        field = record._fields.get(name)
        if field is None:
            raise ValueError(
                f"{type(schema).__name__}.{attribute} can't be written: "
                f"{record._name} has no field {column.sources[0]!r}."
            )
        value = getattr(schema, attribute)
        vals[name] = _to_val(record, field, column, value)
    return vals


def _to_val(record: Record, field: Field, column: Column, value: Any) -> Any:
    if value is None:
        return [Command.clear()] if _is_x2many(field) else False
    if _is_x2many(field):
        return _to_commands(record, field, list(value))
    if field.type == "many2one":
        id_ = _get_id(field, value)
        _check_ids(record.env[field.comodel_name], field, [id_])
        return id_
    if field.type == "reference":
        return _to_reference(record, field, value)
    if field.type == "many2one_reference":
        return _check_integer(field, _get_id(field, value))
    if field.type == "binary" and column.is_decoded:
        return base64.b64encode(value)
    value = to_plain(value)
    if field.type == "integer":
        return _check_integer(field, value)
    if field.type == "selection" and value not in field.get_values(record.env):
        raise _refusal(
            _lt(
                "%(field)s: %(value)s is not one of the values.",
                field=field.name,
                value=repr(value),
            )
        )
    return value


def _is_x2many(field: Field) -> bool:
    return field.type in ("one2many", "many2many")


def to_plain(value: Any) -> Any:
    """Return a value as the ORM has it.

    :raises odoo.exceptions.ValidationError: a text, number or time that pydantic has
        and PostgreSQL hasn't
    """
    if isinstance(value, Enum):
        return to_plain(value.value)
    if isinstance(value, str):
        if "\0" in value:
            raise _refusal(_lt("A text has a null character."))
        try:
            value.encode()
        except UnicodeEncodeError as err:  # half a character, as "\ud800" in JSON
            raise _refusal(_lt("A text is not valid Unicode.")) from err
        return value
    if isinstance(value, datetime) and value.tzinfo is not None:
        try:
            return value.astimezone(timezone.utc).replace(tzinfo=None)
        except OverflowError as err:
            text = _lt("The time %(value)s is out of range.", value=value)
            raise _refusal(text) from err
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise _refusal(_lt("The number %(value)s is not finite.", value=value))
    if isinstance(value, BaseModel):
        return to_plain(value.model_dump(mode="json"))
    if isinstance(value, list | tuple | set | frozenset):
        return [to_plain(item) for item in value]
    if isinstance(value, dict):
        return {to_plain(key): to_plain(item) for key, item in value.items()}
    return value


def _check_integer(field: Field, value: int) -> int:
    if not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise _refusal(
            _lt("%(field)s: %(value)s is out of range.", field=field.name, value=value)
        )
    return value


def _to_reference(record: Record, field: Field, value: Any) -> str:
    """Return a reference to a record that is there, and that the user can see."""
    if isinstance(value, BaseModel):
        value = f"{value.model},{value.id}"
    model, _comma, id_ = str(value).partition(",")
    is_id = id_.isdecimal() and len(id_) < 19
    if model not in field.get_values(record.env) or not is_id:
        raise _refusal(
            _lt(
                "%(field)s: %(value)s is not a reference to a record.",
                field=field.name,
                value=repr(value),
            )
        )
    _check_ids(record.env[model], field, [int(id_)])
    return f"{model},{int(id_)}"


def _get_id(field: Field, value: Any) -> int:
    """Return the id of a related record: the value itself, or that of a schema."""
    id_ = getattr(value, "id", None) if isinstance(value, BaseModel) else value
    if isinstance(id_, int):
        return id_
    raise ValueError(
        f"{field.name!r} can't be written: a {field.type} takes the id of a record, or "
        f"a schema with an id, not {type(value).__name__}."
    )


def _to_commands(record: Record, field: Field, items: list[Any]) -> list[Any]:
    comodel = record.env[field.comodel_name]
    if all(isinstance(item, int) for item in items):
        _check_ids(comodel, field, items)
        return [Command.set(items)]
    commands = []
    linked = record[field.name] if record else comodel
    for item in items:
        id_ = getattr(item, "id", None)
        if not id_:
            commands.append(Command.create(to_vals(item, comodel)))
            continue
        # the ORM would change any record, whose ever it is
        if id_ not in linked._ids:
            raise _missing(field, [id_])
        commands.append(Command.update(id_, to_vals(item, comodel.browse(id_))))
    return commands


def _check_ids(comodel: Record, field: Field, ids: Iterable[int]) -> None:
    """Refuse ids of records that the user can't see; the ORM takes any.

    :raises AccessError: the user can't read the model at all
    """
    wanted = set(ids)
    found = comodel.with_context(active_test=False).search([("id", "in", list(wanted))])
    missing = wanted.difference(found._ids)
    if missing:
        raise _missing(field, sorted(missing))


def _missing(field: Field, ids: list[int]) -> ValidationError:
    return _refusal(
        _lt(
            "%(field)s: there is no record with the id %(ids)s.",
            field=field.name,
            ids=", ".join(map(str, ids)),
        )
    )


def _refusal(text: LazyGettext) -> ValidationError:
    """Return an exception whose text is in the language of the client."""
    env = odoo_env_ctx.get(None)
    lang = env.context.get("lang") if env is not None else None
    return ValidationError(text._translate(lang or "en_US"))
