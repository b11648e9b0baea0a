# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Schemas made from an Odoo model, with the types and texts of its fields."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import AwareDatetime, Base64Bytes, Field, StringConstraints, create_model

from .schema import BinaryLink, ModelReference, RecordSchema, Reference

if TYPE_CHECKING:
    from odoo.models import BaseModel as Record

__all__ = ["ModelSchema", "schema_from"]

#: Types of values, by the type of the field; those that are not here depend on more.
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
#: What is read in another way than it is written.
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
#: Fields that are never empty.
NEVER_EMPTY = frozenset(
    {"boolean", "float", "integer", "many2many", "monetary", "one2many", "properties"}
)


@dataclass(frozen=True)
class FieldDefinition:
    """What a schema takes from a field of a model."""

    name: str
    type: str
    title: str
    help: str | None
    required: bool
    has_default: bool
    readonly: bool
    keys: tuple[str, ...]
    size: int | None

    @classmethod
    def of(cls, model: Record, name: str) -> FieldDefinition:
        field = model._fields.get(name)
        if field is None:
            raise ValueError(f"{model._name} has no field {name!r}.")
        attributes = ["help", "readonly", "required", "selection", "size", "string"]
        found = field.get_description(model.env, attributes)
        return cls(
            name=name,
            type=field.type,
            title=found.get("string") or name,
            help=found.get("help") or None,
            required=bool(found.get("required")) or name == "id",
            has_default=bool(field.default or (field.compute and not field.inherited)),
            readonly=bool(found.get("readonly")) or name == "id",
            keys=tuple(key for key, _label in found.get("selection") or ()),
            size=found.get("size") or None,
        )

    def get_type(self, written: bool, schema: Any = None) -> Any:
        """Return the type of a value, without None.

        :param written: of a value that a client sends
        :param schema: of related records
        """
        if self.type == "many2one":
            return schema or (int if written else Reference)
        if self.type in ("one2many", "many2many"):
            return list[schema or (int if written else Reference)]  # type: ignore[misc]
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
        """Return the field for ``create_model``, by the name of its attribute."""
        # "json" and "copy" are methods of pydantic's models
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
    """A schema that :func:`schema_from` has made.

    A field whose name is that of a method of pydantic's models, such as ``json``, is an
    attribute with an underscore behind its name, and has its own name in JSON.
    """

    __record_model__: ClassVar[str] = ""
    __record_definitions__: ClassVar[tuple[FieldDefinition, ...]] = ()
    __record_schemas__: ClassVar[dict[str, Any]] = {}

    @classmethod
    def for_create(cls, *names: str, **types: Any) -> type[ModelSchema]:
        """Return a schema for the values of a new record.

        Fields that the model requires and has no default for are required. Related
        records are ids; a list of records of a schema made by ``schema_from`` is a
        list of its ``for_create``.

        :param names: some of the schema's fields; without any, all that can be written
        :param types: types of fields instead of the usual ones; of related records,
            the schema of one
        """
        return cls._make_variant("Create", names, types)

    @classmethod
    def for_update(cls, *names: str, **types: Any) -> type[ModelSchema]:
        """Return a schema for the changes of a record: every field may be left out.

        As :meth:`for_create`. In a list of records, those with an id are changed.
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
        if names:
            chosen = [by_name[name] for name in dict.fromkeys((*names, *types))]
        else:
            chosen = [
                found
                for found in by_name.values()
                if found.name in types or not found.readonly
            ]
        fields: dict[str, Any] = {}
        for found in chosen:
            schema = types.get(found.name)
            if schema is None and found.type in ("one2many", "many2many"):
                schema = _variant_of(cls.__record_schemas__.get(found.name), suffix)
            annotation = found.get_type(written=True, schema=schema)
            required = found.required and not found.has_default
            fields |= found.make_field(
                annotation,
                required=required and suffix == "Create",
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
        variant.__record_model__ = cls.__record_model__
        variant.__record_definitions__ = tuple(chosen)
        variant.__record_schemas__ = cls.__record_schemas__ | types
        return variant


def _variant_of(schema: Any, suffix: str) -> Any:
    if isinstance(schema, type) and issubclass(schema, ModelSchema):
        return schema._make_variant(suffix, (), {}, in_list=True)
    return None


def schema_from(
    model: Record, *names: str, schema_name: str | None = None, **types: Any
) -> type[ModelSchema]:
    """Return a schema with fields of a model, for an app that is being built.

    Types, titles, descriptions, and what is required come from the model's fields, in
    the language of the environment. Selections are the values of this database::

        Line = schema_from(env["sale.order.line"], "product_uom_qty", product_id=int)
        Order = schema_from(env["sale.order"], "id", "name", "state", order_line=Line)
        OrderCreate = Order.for_create("partner_id", "order_line")

    :param model: recordset of the model, of an environment with the app's registry
    :param names: fields of the schema; there is no way to name all
    :param schema_name: name in the documentation; from the model's name by default
    :param types: more fields, with the types of their values; of related records, the
        schema of one (:class:`Reference` by default)
    :raises ValueError: the model has no such field, or no field is named
    """
    chosen = dict.fromkeys((*names, *types))
    if not chosen:
        raise ValueError(f"Name the fields of {model._name} that the schema has.")
    definitions = [FieldDefinition.of(model, name) for name in chosen]
    fields: dict[str, Any] = {}
    for found in definitions:
        annotation = found.get_type(written=False, schema=types.get(found.name))
        nullable = not (found.required or found.type in NEVER_EMPTY)
        fields |= found.make_field(
            annotation, required=True, nullable=nullable and annotation is not Any
        )
    if schema_name is None:
        schema_name = model._name.title().replace(".", "").replace("_", "")
    schema = create_model(
        schema_name, __base__=ModelSchema, __module__=__name__, **fields
    )
    schema.__record_model__ = model._name
    schema.__record_definitions__ = tuple(definitions)
    schema.__record_schemas__ = types
    return schema
