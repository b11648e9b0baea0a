# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Generates schemas from an Odoo model, with the types and texts of its fields."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import AwareDatetime, Base64Bytes, Field, StringConstraints, create_model

from .schema import BinaryLink, ModelReference, RecordSchema, Reference

if TYPE_CHECKING:
    from odoo.models import BaseModel as Record

__all__ = ["ModelSchema", "schema_from"]

#: Default types of values, by type of the field.
TYPES: dict[str, Any] = {
    "boolean": bool,
    "date": dt.date,
    "datetime": AwareDatetime,
    "float": float,
    "html": str,
    "integer": int,
    "json": Any,
    "monetary": Decimal,
    "properties": dict[str, Any],
    "properties_definition": list[dict[str, Any]],
    "text": str,
}
# Types of values that differ when they are read.
READ_TYPES: dict[str, Any] = {
    "binary": BinaryLink,
    "many2one_reference": ModelReference,
    "reference": ModelReference,
}
WRITTEN_TYPES: dict[str, Any] = {
    "binary": Base64Bytes,
    "many2one_reference": int,
    "reference": str,
}
#: Types of fields that are never empty.
NEVER_EMPTY = frozenset(
    {"boolean", "float", "integer", "many2many", "monetary", "one2many", "properties"}
)
#: Types of fields without a foreign key: a required one is read as None if the record
#: was deleted.
WITHOUT_KEY = frozenset({"many2one_reference", "reference"})


class FieldDefinition:
    """What schemas need to know about a field of a model.

    :raises ValueError: the model does not have the field
    """

    def __init__(self, model: Record, name: str) -> None:
        field = model._fields.get(name)
        if field is None:
            raise ValueError(f"{model._name} has no field {name!r}.")
        attributes = ["help", "readonly", "required", "selection", "size", "string"]
        found = field.get_description(model.env, attributes)
        self.name = name
        self.type = field.type
        self.title = found.get("string") or name
        self.help = found.get("help") or None
        self.required = bool(found.get("required")) or name == "id"
        self.has_default = bool(
            field.default or (field.compute and not field.inherited)
        )
        self.readonly = found.get("readonly") or name == "id"
        self.keys = tuple(key for key, _label in found.get("selection") or ())
        self.size = found.get("size")

    def get_type(self, written: bool, schema: Any = None) -> Any:
        """Return the type of a value that is not empty.

        :param written: whether the client sends the value
        :param schema: schema of related records; for other fields, the type
        """
        related = schema or (int if written else Reference)
        if self.type == "many2one":
            return related
        if self.type in ("one2many", "many2many"):
            return list[related]  # type: ignore[valid-type]
        if schema is not None:
            return schema
        if self.type == "selection" and self.keys:
            return Literal[self.keys]
        if self.type == "char" and self.size and written:
            return Annotated[str, StringConstraints(max_length=self.size)]
        types = WRITTEN_TYPES if written else READ_TYPES
        return types.get(self.type) or TYPES.get(self.type, str)

    def make_field(
        self, annotation: Any, required: bool, nullable: bool
    ) -> dict[str, Any]:
        """Return the argument of ``create_model`` for the field."""
        # methods of pydantic's models, such as "json" and "copy"
        is_taken = hasattr(ModelSchema, self.name)
        info = Field(
            default=... if required else None,
            title=self.title,
            description=self.help,
            alias=self.name if is_taken else None,
        )
        attribute = f"{self.name}_" if is_taken else self.name
        return {attribute: (annotation | None if nullable else annotation, info)}


class ModelSchema(RecordSchema):
    """A schema made by :func:`schema_from`.

    A field with the name of a method of pydantic's models is an attribute with an
    underscore at its end: ``json_`` for ``json``. Its name in JSON is unchanged.
    """

    __record_definitions__: ClassVar[tuple[FieldDefinition, ...]] = ()
    __record_schemas__: ClassVar[dict[str, Any]] = {}

    @classmethod
    def for_create(cls, *names: str, **types: Any) -> type[ModelSchema]:
        """Return a schema for the values of a new record.

        A field is required if the model requires it and has no default. Related records
        are ids. A list of another schema made by ``schema_from`` becomes a list of its
        ``for_create``.

        :param names: fields of this schema. Default: all that can be written.
        :param types: more fields, each with its type or the schema of related records
        """
        return cls._make_variant("Create", names, types)

    @classmethod
    def for_update(cls, *names: str, **types: Any) -> type[ModelSchema]:
        """Return a schema for changes of a record, without required fields.

        The rest is as in :meth:`for_create`. In a list of schemas, those with an id
        change that record.
        """
        return cls._make_variant("Update", names, types)

    @classmethod
    def _make_variant(
        cls,
        suffix: str,
        names: tuple[str, ...],
        types: dict[str, Any],
        in_list: bool = False,
    ) -> type[ModelSchema]:
        by_name = {found.name: found for found in cls.__record_definitions__}
        for name in (*names, *types):
            if name not in by_name:
                raise ValueError(f"{cls.__name__} has no field {name!r}.")
        chosen = [by_name[name] for name in dict.fromkeys((*names, *types))]
        if not names:
            chosen = [
                found
                for found in by_name.values()
                if found.name in types or not found.readonly
            ]
        fields: dict[str, Any] = {}
        for found in chosen:
            schema = types.get(found.name)
            if schema is None and found.type in ("one2many", "many2many"):
                listed = cls.__record_schemas__.get(found.name)
                if isinstance(listed, type) and issubclass(listed, ModelSchema):
                    schema = listed._make_variant(suffix, (), {}, in_list=True)
            is_create = suffix == "Create"
            fields |= found.make_field(
                found.get_type(written=True, schema=schema),
                required=is_create and found.required and not found.has_default,
                nullable=not found.required and found.type != "boolean",
            )
        if in_list and suffix == "Update" and "id" in by_name:
            fields |= by_name["id"].make_field(int, required=False, nullable=False)
        variant = create_model(
            f"{cls.__name__}{suffix}",
            __base__=ModelSchema,
            __module__=cls.__module__,
            **fields,
        )
        variant.__record_definitions__ = tuple(chosen)
        variant.__record_schemas__ = cls.__record_schemas__ | types
        return variant


def schema_from(
    model: Record, *names: str, schema_name: str | None = None, **types: Any
) -> type[ModelSchema]:
    """Return a schema with fields of a model, for the app of one database.

    Types, titles, descriptions and whether a field is required come from the model, in
    the language of the environment. Selections have the values of this database::

        Line = schema_from(env["sale.order.line"], "product_uom_qty", product_id=int)
        Order = schema_from(env["sale.order"], "id", "name", "state", order_line=Line)
        OrderCreate = Order.for_create("partner_id", "order_line")

    :param model: recordset of the model, with the environment of the app
    :param names: fields of the schema, each by its name
    :param schema_name: name in the documentation. Default: made of the model's name.
    :param types: more fields, each with the type of its values. For related records,
        the schema of one record (default: :class:`Reference`).
    :raises ValueError: the model lacks a field, or no field is named
    """
    chosen = dict.fromkeys((*names, *types))
    if not chosen:
        raise ValueError(f"Name the fields of {model._name} that the schema has.")
    definitions = [FieldDefinition(model, name) for name in chosen]
    fields: dict[str, Any] = {}
    for found in definitions:
        annotation = found.get_type(written=False, schema=types.get(found.name))
        nullable = found.type in WITHOUT_KEY or not (
            found.required or found.type in NEVER_EMPTY
        )
        fields |= found.make_field(
            annotation, required=True, nullable=nullable and annotation is not Any
        )
    if schema_name is None:
        schema_name = model._name.title().replace(".", "").replace("_", "")
    schema = create_model(
        schema_name, __base__=ModelSchema, __module__=__name__, **fields
    )
    schema.__record_definitions__ = tuple(definitions)
    schema.__record_schemas__ = types
    return schema
