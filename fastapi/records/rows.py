# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=method-required-super
"""Reads records field by field, into the values that a schema validates.

A :class:`RecordBatch` holds records of one model. A schema that meets one of them, as a
:class:`Row`, asks the batch for its values, and the batch reads them for all its
records at once: one ``fetch`` of exactly the fields that the schema names, then one
list of values for each field. Related records are rows of a batch of their own, which
holds the related records of all the records. So the number of queries depends on the
schema, not on the number of records. As pydantic finds the schema of a related record,
that may be an extended class, a generic one, or one of a union.

Access is checked as the ORM does it: ``fetch`` applies access rights, record rules and
the groups of fields, also to values that are cached already.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from odoo.exceptions import AccessError
from odoo.fields import Image
from odoo.tools.constants import PREFETCH_MAX

if TYPE_CHECKING:
    from odoo.fields import Field
    from odoo.models import BaseModel

__all__ = ["Column", "RecordBatch", "Row"]

#: Fields whose cache holds what a schema gets, beside the empty values below.
PLAIN_TYPES = frozenset(
    {"boolean", "char", "date", "datetime", "float", "integer", "monetary"}
    | {"many2one", "selection", "text"}
)
#: What a field is without a value; None unless it is named here.
EMPTY_VALUES = {"boolean": False, "float": 0.0, "integer": 0, "monetary": 0.0}
RELATIONAL_TYPES = frozenset(
    {"many2many", "many2one", "many2one_reference", "one2many", "reference"}
)


@dataclass(frozen=True)
class Column:
    """What a schema wants of one field of the records.

    :param key: name of the value, for pydantic
    :param sources: names of the record's field; the first that the model has counts.
        With dots, a field of a related record.
    :param required: the schema can't do without
    :param wants_record: a schema is annotated, for a related record
    :param wants_id: an integer is annotated
    :param wants_decimal: a ``Decimal`` is annotated
    :param wants_text: a ``str`` is annotated
    :param wants_list: a list is annotated
    :param wants_link: the path of a file is annotated, not its content
    :param is_decoded: pydantic decodes what is read, as for ``Base64Bytes``
    """

    key: str
    sources: tuple[str, ...]
    required: bool = True
    wants_record: bool = False
    wants_id: bool = False
    wants_decimal: bool = False
    wants_text: bool = False
    wants_list: bool = False
    wants_link: bool = False
    is_decoded: bool = False

    def find_source(self, model: BaseModel) -> str | None:
        """Return the name of the field of a model, None for one that it hasn't."""
        for source in self.sources:
            name = source.partition(".")[0]
            if name in model._fields or _is_plain_attribute(model, name):
                return source
        return None


class ReadingSchema(Protocol):
    """What a batch must know of a schema."""

    @classmethod
    def _get_record_columns(cls) -> tuple[Column, ...]: ...


class Row(NamedTuple):
    """One record of a batch, until a schema asks for its values."""

    batch: RecordBatch
    index: int

    def read(self, schema: type[ReadingSchema]) -> dict[str, Any]:
        """Return the record's values for a schema."""
        return self.batch.read(schema)[self.index]


class RecordBatch:
    """Records of one model that are read together.

    :param records: recordset without repeated records
    :param fetched: the fields of the schema were fetched as the records were searched
    """

    def __init__(self, records: BaseModel, fetched: bool = False) -> None:
        self.records = records
        self._fetched = fetched
        self._values: dict[type[ReadingSchema], list[dict[str, Any]]] = {}

    def get_rows(self) -> list[Row]:
        return [Row(self, index) for index in range(len(self.records))]

    def read(self, schema: type[ReadingSchema]) -> list[dict[str, Any]]:
        """Return the values of each record for a schema.

        :raises AccessError: a record or a field that the user may not read
        :raises MissingError: a record that was deleted
        :raises ValueError: a field that the schema needs and the model hasn't, or that
            it annotates with a type that the field can't be
        """
        values = self._values.get(schema)
        if values is None:
            values = self._values[schema] = self._read(schema)
        return values

    def _read(self, schema: type[ReadingSchema]) -> list[dict[str, Any]]:
        sources = _find_sources(self.records, schema)
        if not sources:
            return [{} for _record in self.records]
        if not self._fetched:
            _fetch(self.records, _names_to_fetch(self.records, sources))
        related: dict[str, tuple[BaseModel, list[Any]]] = {}
        columns = [
            self._read_path(column, source, sources, related)
            if "." in source
            else _read_column(self.records, column, source)
            for column, source in sources
        ]
        keys = [column.key for column, _source in sources]
        return [dict(zip(keys, row, strict=True)) for row in zip(*columns, strict=True)]

    def _read_path(
        self,
        column: Column,
        source: str,
        sources: list[tuple[Column, str]],
        related: dict[str, tuple[BaseModel, list[Any]]],
    ) -> list[Any]:
        """Return the values of a field of related records.

        :param related: the related records by the field that leads to them, and those
            of each record; filled here, so that paths that begin alike share one fetch
        """
        name, _dot, rest = source.partition(".")
        if name not in related:
            corecords = [record[name] for record in self.records]
            together = self.records.mapped(name)
            ahead = [
                (other, path.partition(".")[2])
                for other, path in sources
                if path.startswith(f"{name}.")
            ]
            _fetch(together, _names_to_fetch(together, ahead))
            related[name] = (together, corecords)
        together, corecords = related[name]
        if "." in rest:
            batch = RecordBatch(together, fetched=True)
            values = batch._read_path(column, rest, [(column, rest)], {})
        else:
            values = _read_column(together, column, rest)
        by_id = dict(zip(together._ids, values, strict=True))
        if self.records._fields[name].type in ("one2many", "many2many"):
            return [[by_id[id_] for id_ in found._ids] for found in corecords]
        return [by_id[found._ids[0]] if found else None for found in corecords]


def get_names_to_fetch(model: BaseModel, schema: type[ReadingSchema]) -> list[str]:
    """Return the fields that ``search_fetch`` has to fetch for a schema."""
    return _names_to_fetch(model, _find_sources(model, schema))


def _find_sources(
    model: BaseModel, schema: type[ReadingSchema]
) -> list[tuple[Column, str]]:
    """Return the columns of a schema, each with the field of the model."""
    sources = []
    for column in schema._get_record_columns():
        source = column.find_source(model)
        if source is not None:
            sources.append((column, source))
        elif column.required:
            raise ValueError(
                f"{model._name} has no field {column.sources[0]!r}, which "
                f"{schema.__name__} needs: name the field of the model with Source, "
                "or give a default."
            )
    return sources


def _is_plain_attribute(model: BaseModel, name: str) -> bool:
    """Return whether a name that is no field is a property, or a constant."""
    return not callable(getattr(type(model), name, callable))


def _names_to_fetch(
    records: BaseModel, sources: Sequence[tuple[Column, str]]
) -> list[str]:
    names: dict[str, None] = {}
    for column, source in sources:
        name = source.partition(".")[0]
        field = records._fields.get(name)
        if field is None or name == "id":
            continue
        if field.type == "binary" and column.wants_link:
            continue  # fetching it would read the content
        names[name] = None
        companion = None  # a second field that the value depends on
        if field.type == "monetary" and column.wants_decimal:
            companion = field.get_currency_field(records)
        elif field.type == "many2one_reference" and column.wants_record:
            companion = field.model_field
        elif field.type == "binary":
            continue
        if companion and records._has_field_access(records._fields[companion], "read"):
            names[companion] = None
    return list(names)


def _fetch(records: BaseModel, names: list[str]) -> None:
    """Fetch fields, and check the access to them, cached or not.

    A record that is one of many, as in a loop, is fetched with the others.
    """
    if not records:
        return
    if len(records) == 1:
        id_ = records._ids[0]
        if any(
            field.store and id_ not in field._get_cache(records.env)
            for field in map(records._fields.__getitem__, names)
        ):
            ids = dict.fromkeys(itertools.chain((id_,), records._prefetch_ids))
            siblings = records.browse(itertools.islice(ids, PREFETCH_MAX))
            with suppress(AccessError):  # of another record; this one is fetched alone
                siblings.fetch(names)
    if names:
        records.fetch(names)
    else:
        records.check_access("read")


def _read_column(records: BaseModel, column: Column, name: str) -> list[Any]:
    """Return the value of a field of each record, as a schema wants it."""
    if name == "id":
        return list(records._ids)
    field = records._fields.get(name)
    if field is None:
        return [getattr(record, name) for record in records]
    if field.type in RELATIONAL_TYPES and not (
        column.wants_record or column.wants_id or column.wants_text
    ):
        raise ValueError(
            f"{column.key!r} is annotated with a type that a {field.type} can't be: "
            "take a RecordSchema, Reference or int, in a list for several records."
        )
    reader = READERS.get(field.type)
    if reader is not None:
        return reader(records, field, column)
    return _read_values(records, field)


def _read_values(records: BaseModel, field: Field) -> list[Any]:
    """Return the value of a field of each record; None where it has none.

    A plain value is taken from the cache, which ``fetch`` has filled: ``Field.__get__``
    takes ten times as long. ``Field._get_cache`` is how the fields of Odoo themselves
    read it (``odoo/orm/fields.py``). What is not there is read the usual way.
    """
    env = records.env
    empty = EMPTY_VALUES.get(field.type)
    if (
        field.store
        and field.type in PLAIN_TYPES
        and not field.company_dependent
        and (not field.translate or _is_translated_whole(field, records))
    ):
        if field.compute:
            field.recompute(records)
        cache = field._get_cache(env)
        with suppress(KeyError):  # what is not there is read below
            values = [cache[id_] for id_ in records._ids]
            if empty is None:
                return values
            return [empty if value is None else value for value in values]
    name = field.name
    if field.type == "many2one":
        return [record[name].id or None for record in records]
    if empty is not None:
        return [record[name] for record in records]
    values = [record[name] for record in records]
    return [None if value is False else value for value in values]


def _is_translated_whole(field: Field, records: BaseModel) -> bool:
    """Return whether the cache shows the text in the language of the environment."""
    return field.translate is True and not records.env.context.get("prefetch_langs")


def _read_datetime(records: BaseModel, field: Field, column: Column) -> list[Any]:
    utc = timezone.utc
    return [
        None if value is None else value.replace(tzinfo=utc)
        for value in _read_values(records, field)
    ]


def _read_html(records: BaseModel, field: Field, column: Column) -> list[Any]:
    return [
        None if value is None else str(value) for value in _read_values(records, field)
    ]


def _read_float(records: BaseModel, field: Field, column: Column) -> list[Any]:
    values = _read_values(records, field)
    if not column.wants_decimal:
        return values
    digits = field.get_digits(records.env)
    if not digits:
        return [Decimal(repr(value)) for value in values]
    return [Decimal(f"{value:.{digits[1]}f}") for value in values]


def _read_monetary(records: BaseModel, field: Field, column: Column) -> list[Any]:
    """Return amounts, as exact decimals rounded by the currency of each record.

    How a currency rounds is no secret: it is read with all rights, as
    ``Monetary.convert_to_cache`` does it.
    """
    values = _read_values(records, field)
    if not column.wants_decimal:
        return values
    name = field.get_currency_field(records)
    currencies = [record[name] for record in records.sudo()]
    amounts = []
    for value, currency in zip(values, currencies, strict=True):
        if currency:
            rounded = currency.round(value)
            amounts.append(Decimal(f"{rounded:.{currency.decimal_places}f}"))
        else:
            amounts.append(Decimal(repr(value)))
    return amounts


def _read_many2one(records: BaseModel, field: Field, column: Column) -> list[Any]:
    ids = _read_values(records, field)
    if column.wants_id:
        return ids
    _check_wants_record(field, column)
    rows = _make_rows(records, field.comodel_name, ids)
    return [None if id_ is None else rows[id_] for id_ in ids]


def _read_x2many(records: BaseModel, field: Field, column: Column) -> list[Any]:
    name = field.name
    found = [record[name]._ids for record in records]
    if column.wants_id:
        return [list(ids) for ids in found]
    _check_wants_record(field, column)
    rows = _make_rows(records, field.comodel_name, itertools.chain(*found))
    return [[rows[id_] for id_ in ids] for ids in found]


def _check_wants_record(field: Field, column: Column) -> None:
    if not column.wants_record:
        raise ValueError(
            f"{column.key!r} is annotated with a text, which a {field.type} can't be."
        )


def _read_reference(records: BaseModel, field: Field, column: Column) -> list[Any]:
    """Return references to records of several models; None where one was deleted."""
    found = [record[field.name] for record in records]
    targets = [(target._name, target.id) if target else None for target in found]
    if column.wants_text and not column.wants_record:
        return [target and f"{target[0]},{target[1]}" for target in targets]
    return _make_rows_of_models(records, field, column, targets)


def _read_many2one_reference(
    records: BaseModel, field: Field, column: Column
) -> list[Any]:
    ids = [record[field.name] for record in records]
    if column.wants_id:
        return [id_ or None for id_ in ids]
    models = [record[field.model_field] for record in records]
    targets = [
        (model, id_) if model and id_ else None
        for model, id_ in zip(models, ids, strict=True)
    ]
    return _make_rows_of_models(records, field, column, targets)


def _make_rows_of_models(
    records: BaseModel,
    field: Field,
    column: Column,
    targets: list[tuple[str, int] | None],
) -> list[Row | None]:
    _check_wants_record(field, column)
    ids_by_model: defaultdict[str, dict[int, None]] = defaultdict(dict)
    for target in targets:
        if target is not None:
            ids_by_model[target[0]][target[1]] = None
    rows = {}
    for model, ids in ids_by_model.items():
        # there is no foreign key: the record, and the model too, may be gone
        if model in records.env:
            there = records.env[model].browse(ids).exists()
            for id_, row in _make_rows(records, model, there._ids).items():
                rows[model, id_] = row
    return [None if target is None else rows.get(target) for target in targets]


def _make_rows(records: BaseModel, model: str, ids: Any) -> dict[int, Row]:
    """Return a row for each related record, all of one batch."""
    unique_ids = tuple(dict.fromkeys(id_ for id_ in ids if id_ is not None))
    batch = RecordBatch(records.env[model].browse(unique_ids))
    return dict(zip(unique_ids, batch.get_rows(), strict=True))


def _read_binary(records: BaseModel, field: Field, column: Column) -> list[Any]:
    """Return contents in base64, as Odoo has them, or links to them."""
    if not column.wants_link:
        return _read_values(records, field)
    route = "image" if isinstance(field, Image) else "content"
    has_date = "write_date" in records._fields
    links = []
    for record in records.with_context(bin_size=True):
        link = None
        if record[field.name]:
            link = f"/web/{route}/{record._name}/{record.id}/{field.name}"
            if has_date and record.write_date:
                # a changed file has another link, so that clients may keep it
                link += f"?unique={record.write_date:%Y%m%d%H%M%S}"
        links.append(link)
    return links


def _read_properties(records: BaseModel, field: Field, column: Column) -> list[Any]:
    """Return properties: their values by name, or a list with their definitions."""
    name = field.name
    found = {values["id"]: values[name] or () for values in records.read([name])}
    for properties in found.values():
        for definition in properties:
            value = definition.setdefault("value", None)
            if value is False and definition["type"] != "boolean":
                definition["value"] = None
    if column.wants_list:
        return [list(found[id_]) for id_ in records._ids]
    return [
        {definition["name"]: _property_value(definition) for definition in found[id_]}
        for id_ in records._ids
    ]


def _property_value(definition: dict[str, Any]) -> Any:
    """Return the value of a property: ids for relations, as elsewhere."""
    value = definition["value"]
    if value and definition["type"] == "many2one":
        return value[0]
    if value and definition["type"] == "many2many":
        return [id_ for id_, _name in value]
    return value


#: How a field is read, by its type; ``_read_values`` reads those that are not here.
READERS: dict[str, Callable[[Any, Any, Column], list[Any]]] = {
    "binary": _read_binary,
    "datetime": _read_datetime,
    "float": _read_float,
    "html": _read_html,
    "many2many": _read_x2many,
    "many2one": _read_many2one,
    "many2one_reference": _read_many2one_reference,
    "monetary": _read_monetary,
    "one2many": _read_x2many,
    "properties": _read_properties,
    "reference": _read_reference,
}
