# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=method-required-super
"""Reads batches of records into the values that a schema validates.

A :class:`RecordBatch` holds records of one model, and a :class:`Row` is one of them.
When pydantic validates a row with a schema, the batch reads the fields of that schema
for all its records at once: one ``fetch``, then a list of values for each field.
Related records are rows of another batch. So the number of queries depends on the
schema, not on the number of records. Pydantic chooses the schema of each row, which can
be an extended or generic class, or a member of a union.

``fetch`` checks access rights, record rules and groups of fields, also for cached
values.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from odoo.exceptions import AccessError
from odoo.tools.constants import PREFETCH_MAX

from .readers import Column, read_column, read_values, read_x2many_ids

if TYPE_CHECKING:
    from odoo.models import BaseModel

__all__ = ["RecordBatch", "Row", "get_names_to_fetch"]


class ReadingSchema(Protocol):
    """The part of a ``RecordSchema`` that a batch uses."""

    @classmethod
    def _get_record_columns(cls) -> tuple[Column, ...]: ...


class Row(NamedTuple):
    """One record of a batch."""

    batch: RecordBatch
    position: int

    def read(self, schema: type[ReadingSchema]) -> dict[str, Any]:
        return self.batch.read(schema)[self.position]


class RecordBatch:
    """Records of one model that are read together.

    :param records: recordset without repeated records
    :param fetched_for: schema whose fields a search has already fetched
    """

    def __init__(
        self, records: BaseModel, fetched_for: type[ReadingSchema] | None = None
    ) -> None:
        self.records = records
        self._fetched_for = fetched_for
        self._values: dict[type[ReadingSchema], list[dict[str, Any]]] = {}

    def get_rows(self) -> list[Row]:
        return [Row(self, position) for position in range(len(self.records))]

    def make_rows(self, model: str, ids: Iterable[int | None]) -> dict[int, Row]:
        """Return a row for each related record, by id. All belong to one batch."""
        unique_ids = tuple(dict.fromkeys(id_ for id_ in ids if id_ is not None))
        batch = RecordBatch(self.records.env[model].browse(unique_ids))
        return dict(zip(unique_ids, batch.get_rows(), strict=True))

    def read(self, schema: type[ReadingSchema]) -> list[dict[str, Any]]:
        """Return the values of each record for a schema.

        :raises AccessError: the user may not read a record or a field
        :raises MissingError: a record was deleted
        :raises ValueError: the model lacks a required field, or a field can't be read
            as the annotated type
        """
        if schema not in self._values:
            self._values[schema] = self._read(schema)
        return self._values[schema]

    def _read(self, schema: type[ReadingSchema]) -> list[dict[str, Any]]:
        sources = _find_sources(self.records, schema)
        if not sources:
            return [{} for _record in self.records]
        if schema is not self._fetched_for:  # such as an extension of it
            _fetch(self.records, _names_to_fetch(self.records, sources))
        columns = self._read_columns(sources)
        keys = [column.key for column, _source in sources]
        return [dict(zip(keys, row, strict=True)) for row in zip(*columns, strict=True)]

    def _read_columns(self, sources: Sequence[tuple[Column, str]]) -> list[list[Any]]:
        """Return the values of each column. Its fields are fetched already."""
        paths: dict[str, list[tuple[Column, str]]] = defaultdict(list)
        for column, source in sources:
            name, dot, rest = source.partition(".")
            if dot:
                paths[name].append((column, rest))
        related = {name: self._read_related(name, paths[name]) for name in paths}
        return [
            next(related[source.partition(".")[0]])
            if "." in source
            else read_column(self, column, source)
            for column, source in sources
        ]

    def _read_related(
        self, name: str, sources: Sequence[tuple[Column, str]]
    ) -> Iterator[list[Any]]:
        """Yield the values of columns of related records.

        :param name: the field that has the related records
        """
        batch = RecordBatch(self.records.mapped(name))
        _fetch(batch.records, _names_to_fetch(batch.records, sources))
        field = self.records._fields[name]
        is_list = field.type in ("one2many", "many2many")
        found = (read_x2many_ids if is_list else read_values)(self.records, field)
        for values in batch._read_columns(sources):
            by_id = dict(zip(batch.records._ids, values, strict=True))
            if is_list:
                yield [[by_id[id_] for id_ in ids] for ids in found]
            else:
                yield [None if id_ is None else by_id[id_] for id_ in found]


def get_names_to_fetch(model: BaseModel, schema: type[ReadingSchema]) -> list[str]:
    """Return the fields that a search has to fetch for a schema."""
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
            continue  # ``fetch`` would read the whole content
        names[name] = None
        companion = None  # a field that the value depends on
        if field.type == "monetary" and column.wants_decimal:
            companion = field.get_currency_field(records)
        elif field.type == "many2one_reference" and column.wants_record:
            companion = field.model_field
        if companion and records._has_field_access(records._fields[companion], "read"):
            names[companion] = None
    return list(names)


def _fetch(records: BaseModel, names: list[str]) -> None:
    """Fetch fields, and check access to them, cached or not.

    A single record is fetched together with its prefetch set, so that a loop over
    records does not query each of them.
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
            with suppress(AccessError):  # for a sibling
                siblings.fetch(names)
    if names:
        records.fetch(names)
    else:
        records.check_access("read")
