# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``odoo api schema``: prints a schema of a model as code, in the format of ruff."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from ..exceptions import CommandError
from ..records import BinaryLink, ModelSchema, schema_from
from ._database import open_env

if TYPE_CHECKING:
    import argparse

__all__ = ["run"]

LINE_LENGTH = 88  # characters
RECORDS = "odoo.addons.fastapi.records"


def run(args: argparse.Namespace) -> int:
    with open_env(args.database) as env:
        if args.model not in env:
            raise CommandError(f"the database has no model {args.model}")
        try:
            schema = schema_from(env[args.model], *args.fields)
        except ValueError as err:
            raise CommandError(str(err)) from err
    sys.stdout.writelines(f"{line}\n" for line in _Source(schema).get_lines())
    return 0


class _Source:
    """The source code of a schema made by ``schema_from``."""

    def __init__(self, schema: type[ModelSchema]) -> None:
        self._imports: dict[str, set[str]] = defaultdict(set)
        self._imports[RECORDS].add("RecordSchema")
        self._body = [f"class {schema.__name__}(RecordSchema):"]
        for definition, (attribute, info) in zip(
            schema.__record_definitions__, schema.model_fields.items(), strict=True
        ):
            annotation = definition.get_type(written=False)
            nullable = type(None) in get_args(info.annotation)
            value = ""
            if info.alias:
                self._imports["pydantic"].add("Field")
                value = f" = Field(alias={json.dumps(info.alias)})"
            self._body += self._write_field(attribute, annotation, nullable, value)

    def get_lines(self) -> Iterator[str]:
        for group in (("datetime", "decimal", "typing"), ("pydantic",), (RECORDS,)):
            modules = [module for module in group if module in self._imports]
            for module in modules:
                yield from self._write_import(module)
            if modules:
                yield ""
        yield ""
        yield from self._body

    def _write_import(self, module: str) -> Iterator[str]:
        if module == "datetime":  # fields are often called "date"
            yield "import datetime as dt"
            return
        names = sorted(self._imports[module])
        line = f"from {module} import {', '.join(names)}"
        if len(line) <= LINE_LENGTH:
            yield line
        else:
            yield from (f"from {module} import (", *(f"    {n}," for n in names), ")")

    def _write_field(
        self, name: str, annotation: Any, nullable: bool, value: str
    ) -> list[str]:
        none = " | None" if nullable else ""
        line = f"    {name}: {self._write_type(annotation)}{none}{value}"
        if len(line) <= LINE_LENGTH:
            return [line]
        # only the line of a selection can be that long
        if not nullable:
            return _wrap_literal(f"    {name}: ", annotation)
        lines = _wrap_literal("        ", annotation)
        return [f"    {name}: (", *lines, "        | None", "    )"]

    def _write_type(self, annotation: Any) -> str:
        if annotation is BinaryLink:
            return self._import(RECORDS, "BinaryLink")
        if annotation is Any:
            return self._import("typing", "Any")
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Literal:
            self._import("typing", "Literal")
            return f"Literal[{', '.join(map(_quote, arguments))}]"
        if origin is not None:
            return f"{origin.__name__}[{', '.join(map(self._write_type, arguments))}]"
        if annotation is dt.date:
            self._import("datetime", "date")
            return "dt.date"
        module = annotation.__module__
        if module.startswith(RECORDS):
            module = RECORDS
        elif module.startswith("pydantic."):
            module = "pydantic"
        return self._import(module, annotation.__name__)

    def _import(self, module: str, name: str) -> str:
        if module != "builtins":
            self._imports[module].add(name)
        return name


def _wrap_literal(start: str, annotation: Any) -> list[str]:
    """Return the lines of a ``Literal``.

    :param start: text before the ``Literal``
    """
    values = [_quote(value) for value in get_args(annotation)]
    indent = " " * (len(start) - len(start.lstrip()))
    line = f"{start}Literal[{', '.join(values)}]"
    if len(line) <= LINE_LENGTH:
        return [line]
    lines = [f"{indent}    {', '.join(values)}"]
    if len(lines[0]) > LINE_LENGTH:
        lines = [f"{indent}    {value}," for value in values]
    return [f"{start}Literal[", *lines, f"{indent}]"]


def _quote(value: str) -> str:
    """Quote a text as ruff does."""
    return repr(value) if '"' in value else json.dumps(value, ensure_ascii=False)
