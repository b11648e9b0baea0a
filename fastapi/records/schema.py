# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Schemas that read records: pydantic models with the fields of an Odoo model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Literal,
    Union,
    get_args,
    get_origin,
)

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    EncodedBytes,
    GetJsonSchemaHandler,
    TypeAdapter,
    model_validator,
)
from typing_extensions import Self

from odoo.models import BaseModel as Record

from .readers import Column
from .rows import RecordBatch, Row, get_names_to_fetch
from .searches import search_and_count
from .vals import to_vals

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from odoo.fields import Domain

__all__ = ["BinaryLink", "ModelReference", "RecordSchema", "Reference", "Source"]


class _Link:
    """Annotation of a text that is the URL path of a file."""

    def __get_pydantic_json_schema__(
        self, core_schema: Any, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(core_schema), "format": "uri-reference"}


#: URL path of a binary field's content, instead of the content. Odoo checks the session
#: and the rights of the user who opens it. The path changes when the record is written,
#: or a record that a related field comes from.
BinaryLink = Annotated[str, _Link()]


@dataclass(frozen=True)
class Source:
    """Names the field of the record that a value is read from::

        country: Annotated[str | None, Source("country_id.code")]

    :param name: name of a field. With dots, a field of a related record; the value is a
        list if the relation is a one2many or many2many.
    """

    name: str


class RecordSchema(BaseModel):
    """A schema whose values are read from the fields of a record::

        class Partner(RecordSchema):
            id: int
            name: str
            email: str | None
            country_id: Country | None
            category_id: list[Reference]

        Partner.model_validate(partner)
        Partner.from_records(partners)

    A value is read from the field with its alias, its name, or the name in
    :class:`Source`. Give a default if some databases lack the field. The annotation
    decides how a field is read:

    - an empty field is None, except booleans and numbers;
    - many2one: a schema, :class:`Reference`, or ``int`` for the id; one2many and
      many2many: a list of these;
    - datetime: aware, in UTC;
    - monetary and float: ``float``, or an exact ``Decimal``, rounded by the currency or
      to the field's digits;
    - binary: ``bytes`` or ``str`` in base64, ``pydantic.Base64Bytes``, or
      :data:`BinaryLink`;
    - html: ``str``; selection: ``str`` or ``Literal``; json: ``Any``;
    - properties: ``dict[str, Any]`` for the values, a list to include the definitions;
    - reference, many2one_reference: :class:`ModelReference` or a schema, None if the
      record was deleted; ``str`` and ``int`` for the stored value.

    Everything is read with the rights of the records' user, also related records. If
    this user may not read a record or field, ``AccessError`` is raised.
    """

    # names of fields may begin with "model_"
    model_config = ConfigDict(
        from_attributes=True, protected_namespaces=("model_validate", "model_dump")
    )

    __record_columns__: ClassVar[tuple[Column, ...]]
    __record_list__: ClassVar[TypeAdapter[Any]]

    @classmethod
    def from_records(cls, records: Record) -> list[Self]:
        """Read records; the number of queries does not depend on their number."""
        return cls._validate_rows(RecordBatch(records))

    @classmethod
    def from_search(
        cls,
        model: Record,
        domain: Domain | Sequence[Any],
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
    ) -> list[Self]:
        """Search and read records. The search fetches the fields of the schema.

        The other parameters are those of ``search``.

        :param model: recordset of the model, for the environment
        """
        names = get_names_to_fetch(model, cls)
        records = model.search_fetch(domain, names, offset, limit, order)
        return cls._validate_rows(RecordBatch(records, fetched_for=cls))

    @classmethod
    def _search_with_count(
        cls,
        model: Record,
        domain: Domain,
        offset: int,
        limit: int | None,
        order: str,
    ) -> tuple[list[Self], int]:
        """Return a page of schemas, and the number of all records that match."""
        names = get_names_to_fetch(model, cls)
        records, count = search_and_count(model, domain, names, offset, limit, order)
        return cls._validate_rows(RecordBatch(records, fetched_for=cls)), count

    @classmethod
    def _search_with_next(
        cls, model: Record, domain: Domain, order: str, limit: int, names: list[str]
    ) -> tuple[Record, list[Self]]:
        """Return the records of a page with the next record, and the page's schemas.

        :param names: more fields to fetch
        """
        names = list(dict.fromkeys((*get_names_to_fetch(model, cls), *names)))
        records = model.search_fetch(domain, names, 0, limit + 1, order)
        page = RecordBatch(records[:limit], fetched_for=cls)
        return records, cls._validate_rows(page)

    def to_vals(self, record: Record) -> dict[str, Any]:
        """Return values for ``create`` or ``write``.

        Only fields that were set are returned, without ``id``. None becomes False, and
        an aware datetime becomes a naive one in UTC. A list of ids replaces the related
        records. In a list of schemas, those with an id change that record, the others
        create one, and records that are not in the list stay. An empty list of either
        kind removes all records.

        The user must be able to read the records of all ids. A list of schemas can only
        change records that are already in the relation. A one2many takes a record from
        another parent only if the user may change it. The model of a many2one_reference
        is that of the values, of the record, or the default.

        Properties are checked against their definitions; those without a definition are
        dropped. The definitions are those of the container in the values, in the
        record, the default or the computed one. If the container is a new record, too,
        all properties of its lines are dropped.

        :param record: the record to change, or the empty recordset of the model
        :raises odoo.exceptions.ValidationError: the user can't see the record of an id,
            or a value is not valid
        :raises AccessError: the user may not read the model of an id, or not change a
            record that a one2many takes from another parent
        :raises ValueError: the schema has a value that can't be written
        """
        return to_vals(self, record)

    @classmethod
    def _to_rows(cls, value: Any) -> Any:
        """Return what ``list[cls]`` is validated from: for records, one batch."""
        return RecordBatch(value).get_rows() if isinstance(value, Record) else value

    @classmethod
    def _validate_rows(cls, batch: RecordBatch) -> list[Self]:
        if "__record_list__" not in cls.__dict__:
            cls.__record_list__ = TypeAdapter(list[cls])  # type: ignore[valid-type]
        adapter: TypeAdapter[list[Self]] = cls.__record_list__
        return adapter.validate_python(batch.get_rows())

    @model_validator(mode="before")
    @classmethod
    def _read_record(cls, value: Any) -> Any:
        if type(value) is Row:
            return value.read(cls)
        if isinstance(value, Record):
            if len(value) != 1:
                raise ValueError(
                    f"{cls.__name__} is made of one record, not of {value}"
                )
            return Row(RecordBatch(value), 0).read(cls)
        return value

    @classmethod
    def _get_record_columns(cls) -> tuple[Column, ...]:
        """Return how to read each field, computed once for each class."""
        if "__record_columns__" not in cls.__dict__:
            if not cls.__pydantic_complete__:  # it refers to a class defined later
                cls.model_rebuild()
            cls.__record_columns__ = tuple(
                _make_column(name, field) for name, field in cls.model_fields.items()
            )
        return cls.__record_columns__


class Reference(RecordSchema):
    """A related record: its id and its display name."""

    id: int
    # an empty text for a record without a name
    display_name: Annotated[str, BeforeValidator(lambda value: value or "")]


class ModelReference(Reference):
    """A related record and its model, for fields that refer to several models."""

    model: Annotated[str, Source("_name")]


def _make_column(name: str, field: FieldInfo) -> Column:
    aliases = [field.validation_alias or field.alias or name]
    aliases = getattr(aliases[0], "choices", aliases)
    key = next((alias for alias in aliases if isinstance(alias, str)), None)
    if key is None:
        raise TypeError(
            f"{name!r}: name a related field with Source, not with AliasPath"
        )
    types = [*_find_types(field.annotation), *field.metadata]
    sources = [item.name for item in types if isinstance(item, Source)]
    classes = [item for item in types if isinstance(item, type)]

    def wants(*wanted: type) -> bool:
        return any(issubclass(cls, wanted) for cls in classes)

    return Column(
        key=key,
        sources=tuple(sources or dict.fromkeys((key, name))),
        required=field.is_required(),
        wants_record=wants(RecordSchema),
        wants_id=any(issubclass(cls, int) and cls is not bool for cls in classes),
        wants_decimal=wants(Decimal),
        wants_text=wants(str),
        wants_list=wants(list),
        wants_link=any(isinstance(item, _Link) for item in types),
        is_decoded=any(isinstance(item, EncodedBytes) for item in types),
    )


def _find_types(annotation: Any) -> Iterator[Any]:
    """Yield the types and the metadata in an annotation."""
    origin = get_origin(annotation)
    if origin is None:
        yield annotation
    elif origin is Annotated:
        first, *metadata = get_args(annotation)
        yield from _find_types(first)
        yield from metadata
    elif origin is not Literal:
        if origin is not Union:
            yield origin
        for argument in get_args(annotation):
            yield from _find_types(argument)
