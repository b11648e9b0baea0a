# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Schemas that read records: pydantic models whose fields are fields of a model."""

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

from .rows import Column, RecordBatch, Row, get_names_to_fetch
from .vals import to_vals

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from odoo.fields import Domain

__all__ = ["BinaryLink", "ModelReference", "RecordSchema", "Reference", "Source"]


class _Link:
    """Marks a text as the path of a file."""

    def __get_pydantic_json_schema__(
        self, core_schema: Any, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(core_schema), "format": "uri-reference"}


#: The path of a binary field's content in Odoo, instead of the content. Odoo checks the
#: rights of the user who opens it, by the session.
BinaryLink = Annotated[str, _Link()]


@dataclass(frozen=True)
class Source:
    """Names the field of the record that a value comes from::

        country: Annotated[str | None, Source("country_id.code")]

    :param name: name of a field, with dots that of a related record; behind one2many or
        many2many, the values of all related records are a list
    """

    name: str


class RecordSchema(BaseModel):
    """A schema whose values come from the fields of a record::

        class Partner(RecordSchema):
            id: int
            name: str
            email: str | None
            country_id: Country | None
            category_id: list[Reference]

        Partner.model_validate(partner)
        Partner.from_records(partners)

    A value of the schema is the record's field of the same name, or that which
    :class:`Source` (or else an alias) names. A field that the model hasn't must have a
    default. What is annotated decides how a field is read:

    - an empty field is None, unless it is a boolean or a number;
    - many2one: a schema of its own, :class:`Reference`, or ``int`` for the id;
      one2many and many2many: a list of these;
    - datetime: aware, in UTC;
    - monetary and float: ``float``, or an exact ``Decimal``, rounded by the currency or
      to the field's digits;
    - binary: ``bytes`` or ``str`` in base64, ``pydantic.Base64Bytes``, or
      :data:`BinaryLink`;
    - html: ``str``; selection: ``str`` or ``Literal``; json: ``Any``;
    - properties: ``dict[str, Any]`` for the values, a list for their definitions too;
    - reference, many2one_reference: :class:`ModelReference` or a schema; None where the
      record was deleted. ``str`` and ``int`` for the stored value.

    Rights are those of the records' user, also on related records: what the user may
    not read raises ``AccessError``.
    """

    # names of fields may begin with "model_"
    model_config = ConfigDict(
        from_attributes=True, protected_namespaces=("model_validate", "model_dump")
    )

    __record_columns__: ClassVar[Any] = None
    __record_list__: ClassVar[Any] = None

    @classmethod
    def from_records(cls, records: Record) -> list[Self]:
        """Return the schema of each record.

        All records are read together: the number of queries depends on the schema, not
        on the number of records.

        :param records: recordset, empty or not
        :raises AccessError: a record or field that the user may not read
        """
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
        """Return the schema of each record that a search finds.

        The search fetches exactly the fields that the schema names.

        :param model: the empty recordset of the model, for the environment
        :param domain: which records
        :param offset: number of records to leave out
        :param limit: largest number of records, None for all
        :param order: as in ``search``; None for the model's own
        :raises AccessError: a record or field that the user may not read
        """
        names = get_names_to_fetch(model, cls)
        records = model.search_fetch(domain, names, offset, limit, order)
        return cls._validate_rows(RecordBatch(records, fetched=True))

    @classmethod
    def _search_with_next(
        cls, model: Record, domain: Domain, order: str, limit: int, names: list[str]
    ) -> tuple[Record, list[Self]]:
        """Return the records of a page and the next one, and the schemas of the page.

        :param names: more fields to fetch
        """
        names = list(dict.fromkeys((*get_names_to_fetch(model, cls), *names)))
        records = model.search_fetch(domain, names, 0, limit + 1, order)
        page = RecordBatch(records[:limit], fetched=True)
        return records, cls._validate_rows(page)

    def to_vals(self, record: Record) -> dict[str, Any]:
        """Return the values for ``create`` or ``write``.

        What was not set is left out. None is False; an aware datetime is a naive one,
        in UTC. A list of ids replaces the related records; of a list of schemas, those
        with an id are changed, the others are created. Ids are checked: the user must
        be able to read the record, and to change one through a list, it must be in the
        record's list already. A one2many takes records from another list only if the
        user may change them. ``id`` itself is left out.

        :param record: the record that is changed, or the empty recordset of the model
        :raises odoo.exceptions.ValidationError: an id that is no record for the user
        :raises AccessError: the user may not read the model of an id, or not change a
            record that a one2many takes from another list
        :raises ValueError: the schema has something that can't be written
        """
        return to_vals(self, record)

    @classmethod
    def _validate_rows(cls, batch: RecordBatch) -> list[Self]:
        adapter = cls.__dict__.get("__record_list__")
        if adapter is None:
            adapter = cls.__record_list__ = TypeAdapter(list[cls])  # type: ignore[valid-type]
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
        """Return what to read of a record; found out once for each class."""
        columns = cls.__dict__.get("__record_columns__")
        if columns is None:
            if not cls.__pydantic_complete__:  # names a class that was not there yet
                cls.model_rebuild()
            columns = cls.__record_columns__ = tuple(
                _make_column(name, field) for name, field in cls.model_fields.items()
            )
        return columns


class Reference(RecordSchema):
    """A related record: its id, and what Odoo calls it."""

    id: int
    # a record without a name has none, and a reference shall always have a text
    display_name: Annotated[str, BeforeValidator(lambda value: value or "")]


class ModelReference(Reference):
    """A related record of any model, for fields that may refer to several."""

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
    """Yield the types in an annotation, and what is annotated with them."""
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
