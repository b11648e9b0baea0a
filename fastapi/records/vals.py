# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Converts a client's input to the values that ``create`` and ``write`` take."""

from __future__ import annotations

import base64
import copy
import math
from collections.abc import Iterable
from datetime import datetime, timezone
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, SecretBytes, SecretStr

from odoo.exceptions import ValidationError
from odoo.fields import Command, Date, Datetime
from odoo.tools.translate import LazyTranslate

from ..internal_texts import translate_for_client
from ..invalid_texts import describe_invalid_text

if TYPE_CHECKING:
    from odoo.fields import Field
    from odoo.models import BaseModel as Record
    from odoo.tools.translate import LazyGettext

    from .readers import Column

__all__ = ["MAX_INTEGER", "check_range", "out_of_range", "to_plain", "to_vals"]

T = TypeVar("T", bound=float)

_lt = LazyTranslate(__name__)

MAX_INTEGER = 2**31 - 1  # of PostgreSQL
#: Larger numbers overflow when Odoo rounds them.
MAX_ROUNDED = 1e290
#: Levels of lists and objects in a JSON value. Pydantic can serialize about 250.
MAX_DEPTH = 100
MAX_SHOWN = 100  # characters of a value in a message
#: Types of the values of properties. Default: ``str``.
PROPERTY_TYPES: dict[str, Any] = {
    "boolean": bool,
    "float": (int, float),
    "integer": int,
    "monetary": (int, float),
}


def to_vals(
    schema: Any, record: Record, added: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Implement :meth:`~.schema.RecordSchema.to_vals`.

    :param added: values that the ORM adds, such as the parent of a new line
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
        vals[name] = _to_val(record, field, column, getattr(schema, attribute))
    for name, value in vals.items():
        field = record._fields[name]
        if field.type == "properties" and value:
            vals[name] = _to_properties(record, field, value, vals | (added or {}))
    for field in record._fields.values():
        if field.type == "many2one_reference" and field.model_field:
            _check_many2one_reference(record, field, vals)
    return vals


def _to_val(record: Record, field: Field, column: Column, value: Any) -> Any:
    is_x2many = field.type in ("one2many", "many2many")
    if value is None:
        return [Command.clear()] if is_x2many else False
    if is_x2many:
        return _to_commands(record, field, list(value))
    if field.type == "many2one":
        id_ = _get_id(field, value)
        _check_ids(record.env[field.comodel_name], field.name, [id_])
        return id_
    if field.type == "reference":
        return _to_reference(record, field, value)
    if field.type == "many2one_reference":
        return check_range(field.name, _get_id(field, value), MAX_INTEGER)
    if field.type == "binary":
        decoded = column.is_decoded
        return base64.b64encode(value) if decoded else _check_base64(field, value)
    value = to_plain(value)
    if field.type == "integer":
        return check_range(field.name, value, MAX_INTEGER)
    if field.type == "monetary" or (field.type == "float" and field._digits):
        return check_range(field.name, value)
    if field.type == "selection" and value not in field.get_values(record.env):
        raise _no_value_of(field.name, value)
    if field.type == "properties_definition":
        _check_definitions(record, field, value)
    return value


def to_plain(value: Any, depth: int = 0) -> Any:
    """Convert a value to the types of the ORM.

    :param depth: number of lists and objects around the value
    :raises odoo.exceptions.ValidationError: PostgreSQL can't store a text, number or
        time, or there are too many levels
    """
    if depth > MAX_DEPTH:
        raise _refusal(_lt("A value is nested too deeply."))
    if isinstance(value, Enum):
        return to_plain(value.value, depth)
    if isinstance(value, SecretBytes | SecretStr):  # not its asterisks
        return to_plain(value.get_secret_value(), depth)
    if isinstance(value, str):
        if (invalid := describe_invalid_text(value)) is not None:
            raise _refusal(invalid)
        return value
    if isinstance(value, datetime) and value.tzinfo is not None:
        try:
            return value.astimezone(timezone.utc).replace(tzinfo=None)
        except OverflowError as err:
            raise out_of_range(value) from err
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise _refusal(_lt("The number %(value)s is not finite.", value=value))
    if isinstance(value, BaseModel):
        return to_plain(value.model_dump(mode="json"), depth)
    if isinstance(value, list | tuple | set | frozenset):
        return [to_plain(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {to_plain(key): to_plain(item, depth + 1) for key, item in value.items()}
    return value


def out_of_range(time: datetime) -> ValidationError:
    return _refusal(_lt("The time %(value)s is out of range.", value=time))


def check_range(name: str, value: T, limit: float = MAX_ROUNDED) -> T:
    """Return a number if its absolute value is not above a limit.

    :param name: name of the field or parameter, for the message
    :param limit: default: the largest number that Odoo can round
    :raises odoo.exceptions.ValidationError: the number is out of range
    """
    if not -limit <= value <= limit:
        raise _refusal(
            _lt("%(field)s: %(value)s is out of range.", field=name, value=value)
        )
    return value


def _to_reference(record: Record, field: Field, value: Any) -> str:
    """Return the reference to a record that the user can see, or refuse it."""
    is_schema = isinstance(value, BaseModel)
    if is_schema:
        value = f"{value.model},{value.id}"
    model, _comma, id_ = str(value).partition(",")
    is_id = id_.isdecimal() and len(id_) < 19
    if model not in field.get_values(record.env) or not is_id:
        raise _no_reference(field.name, value)
    comodel = record.env.get(model)
    if comodel is None or comodel._abstract:  # without a table
        raise _no_reference(field.name, value)
    _check_ids(comodel, field.name, [int(id_)])
    return f"{model},{int(id_)}"


def _check_many2one_reference(
    record: Record, field: Field, vals: dict[str, Any]
) -> None:
    """Refuse values that refer to a record that the user can't see.

    A new model changes the record, too. Its name may be related to another value, as in
    ``mail.activity``.

    :param vals: all values that are written
    """
    name, model_name = field.name, field.model_field
    related = record._fields[model_name].related or ""
    sources = {name, model_name, related.partition(".")[0]} & vals.keys()
    if not sources:
        return
    draft = record.new({source: vals[source] for source in sources}, origin=record)
    model, id_ = draft[model_name], draft[name]
    is_kept = name not in vals and model in (False, record[model_name])
    if not id_ or is_kept:
        return
    comodel = record.env.get(model)
    if comodel is None or comodel._abstract:  # without a table
        raise _no_reference(name, id_)
    _check_ids(comodel, name, [id_])


def _get_id(field: Field, value: Any) -> int:
    """Return the id of a related record, from an id or a schema."""
    id_ = getattr(value, "id", None) if isinstance(value, BaseModel) else value
    if isinstance(id_, int):
        return id_
    if "id" in getattr(type(value), "model_fields", ()):  # left out, or null
        raise _no_value_of(field.name, None)
    raise ValueError(
        f"{field.name!r} can't be written: a {field.type} takes the id of a record, or "
        f"a schema with an id, not {type(value).__name__}."
    )


def _to_commands(record: Record, field: Field, items: list[Any]) -> list[Any]:
    comodel = record.env[field.comodel_name]
    linked = set(record[field.name]._ids) if record else set()
    ids = [item for item in items if isinstance(item, int)]
    if ids:
        _check_ids(comodel, field.name, ids)
        if field.type == "one2many":  # takes the records from another parent
            comodel.browse(set(ids) - linked).check_access("write")
    if len(ids) == len(items):
        return [Command.set(ids)]
    commands = [Command.link(id_) for id_ in ids]
    inverse = field.inverse_name if field.type == "one2many" else None
    added = {inverse: record.id} if inverse else None
    for item in items:
        if isinstance(item, int):
            continue
        id_ = getattr(item, "id", None)
        if not id_:
            commands.append(Command.create(to_vals(item, comodel, added)))
            continue
        # the ORM would also change records outside of the relation
        if id_ not in linked:
            raise _missing(field.name, [id_])
        commands.append(Command.update(id_, to_vals(item, comodel.browse(id_))))
    return commands


def _check_base64(field: Field, value: Any) -> Any:
    """Refuse content that is not base64: Odoo may store it, but can't read it."""
    try:
        base64.b64decode(value, validate=True)
    except (TypeError, ValueError) as err:
        text = _lt("%(field)s: the content is not base64.", field=field.name)
        raise _refusal(text) from err
    return value


def _check_definitions(record: Record, field: Field, value: Any) -> None:
    """Refuse definitions of properties that the field can't store."""
    try:
        field.convert_to_column(copy.deepcopy(value), record)
    except (AttributeError, KeyError, TypeError, ValueError) as err:
        raise _no_value_of(field.name, value) from err


def _to_properties(
    record: Record, field: Field, value: Any, vals: dict[str, Any]
) -> dict[str, Any]:
    """Return the values of properties by name, checked against their definitions.

    The ORM stores invalid values, but can't read them. Definitions that the client
    sends are dropped, because they would replace those of the container.

    Values without a definition are dropped. So are all of them if the container is not
    known: Odoo would drop them, too, or store them unchecked.

    :param vals: all values that are written; the container may depend on them
    """
    if isinstance(value, list) and all(
        isinstance(item, dict) and isinstance(item.get("name"), str) for item in value
    ):
        value = {item["name"]: item.get("value") for item in value}
    if not isinstance(value, dict):
        raise _no_value_of(field.name, value)
    sources = {
        name: sent
        for name, sent in vals.items()
        if record._fields[name].type != "properties"
    }
    if not record:  # as in `create`, a default precedes what would be computed
        sources = record.default_get([field.definition_record]) | sources
    # the container may be computed, as that of a partner
    draft = record.new(sources, origin=record)
    container = draft[field.definition_record]._origin.sudo()
    definitions = container[field.definition_record_field]
    return {
        name: _to_property(record, definition, value[name])
        for definition in definitions or ()
        if (name := definition["name"]) in value
    }


def _to_property(record: Record, definition: dict[str, Any], value: Any) -> Any:
    if value is None or value is False:
        return value
    kind = definition["type"]
    name = definition.get("string") or definition["name"]
    if kind in ("many2one", "many2many"):
        ids = value if kind == "many2many" else [value]
        if not isinstance(ids, list) or definition.get("comodel") not in record.env:
            raise _no_value_of(name, value)
        # ids may come with names, as they do when they are read
        ids = [id_[0] if id_ and isinstance(id_, list) else id_ for id_ in ids]
        if not all(type(id_) is int for id_ in ids):
            raise _no_value_of(name, value)
        _check_ids(record.env[definition["comodel"]], name, ids)
        return ids if kind == "many2many" else ids[0]
    if kind == "tags":
        options = [tag[0] for tag in definition.get("tags") or ()]
        is_valid = isinstance(value, list) and all(tag in options for tag in value)
    elif kind == "selection":
        options = [option[0] for option in definition.get("selection") or ()]
        is_valid = value in options
    elif kind in ("date", "datetime"):
        is_valid = _is_date(kind, value)
    else:
        is_valid = isinstance(value, PROPERTY_TYPES.get(kind, str))
    if not is_valid:
        raise _no_value_of(name, value)
    return value


def _is_date(kind: str, value: Any) -> bool:
    parse = Datetime.to_datetime if kind == "datetime" else Date.to_date
    try:
        # Odoo only reads the start of a date, but PostgreSQL reads all of it
        return isinstance(value, str) and str(parse(value)) == value
    except ValueError:
        return False


def _check_ids(comodel: Record, name: str, ids: Iterable[int]) -> None:
    """Refuse ids of records that the user can't see.

    :raises AccessError: the user may not read the model
    """
    wanted = set(ids)
    found = comodel.with_context(active_test=False).search([("id", "in", list(wanted))])
    if missing := wanted.difference(found._ids):
        raise _missing(name, sorted(missing))


def _no_value_of(name: str, value: Any) -> ValidationError:
    return _refusal(
        _lt(
            "%(field)s: %(value)s is not one of the values.",
            field=name,
            value=repr(value)[:MAX_SHOWN],
        )
    )


def _no_reference(name: str, value: Any) -> ValidationError:
    return _refusal(
        _lt(
            "%(field)s: %(value)s is not a reference to a record.",
            field=name,
            value=repr(value),
        )
    )


def _missing(name: str, ids: list[int]) -> ValidationError:
    return _refusal(
        _lt(
            "%(field)s: there is no record with the id %(ids)s.",
            field=name,
            ids=", ".join(map(str, ids)),
        )
    )


def _refusal(text: LazyGettext) -> ValidationError:
    """Return an exception with the text in the language of the client."""
    return ValidationError(translate_for_client(text))
