# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Self-contained JSON schemas from an OpenAPI document.

Schemas of OpenAPI 3.1 are JSON schemas (2020-12), but refer to other parts of the
document. Here they refer to their own ``$defs``. Keywords of OpenAPI alone are left
out. Titles that repeat a name are left out, too, because each word costs tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

__all__ = ["ALL_TYPES", "Schemas", "drop_title"]

ALL_TYPES = frozenset(
    {"array", "boolean", "integer", "null", "number", "object", "string"}
)
_PREFIX = "#/components/schemas/"
#: Keywords whose value is an object of schemas, a list of schemas, or one schema.
_BY_NAME = {"$defs", "dependentSchemas", "patternProperties", "properties"}
_IN_LIST = {"allOf", "anyOf", "oneOf", "prefixItems"}
_ALONE = {
    *("additionalProperties", "contains", "contentSchema", "else", "if", "items"),
    *("not", "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"),
}
#: Keywords of OpenAPI alone, and those that would change what a ``$ref`` refers to.
_LEFT_OUT = {
    *("discriminator", "example", "externalDocs", "xml"),
    *("$anchor", "$dynamicAnchor", "$dynamicRef", "$id", "$schema"),
}
_TYPE_OF = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
    type(None): "null",
}


class Schemas:
    """The schemas of an OpenAPI document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def resolve(self, item: Any) -> Any:
        """Return a part of the document, or what it refers to."""
        seen = set()
        while isinstance(item, Mapping) and isinstance(item.get("$ref"), str):
            if item["$ref"] in seen:
                return {}
            seen.add(item["$ref"])
            item = self._find(item["$ref"])
        return {} if item is None else item

    def _find(self, reference: str) -> Any:
        """Return what a reference refers to, None if it doesn't exist."""
        if not reference.startswith("#/"):
            return None
        item: Any = self._document
        for part in reference[2:].split("/"):
            key = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(item, list) and key.isdecimal() and int(key) < len(item):
                item = item[int(key)]
            elif isinstance(item, Mapping) and key in item:
                item = item[key]
            else:
                return None
        return item

    def get_types(self, schema: Any) -> frozenset[str]:
        """Return a set that includes all JSON types that a schema allows."""
        return self._get_types(schema, frozenset())

    def _get_types(self, schema: Any, seen: frozenset[str]) -> frozenset[str]:
        if not isinstance(schema, Mapping):
            return ALL_TYPES
        types = ALL_TYPES
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference not in seen:
            types &= self._get_types(self._find(reference), seen | {reference})
        kind = schema.get("type")
        if kind is not None:
            types &= frozenset([kind] if isinstance(kind, str) else kind)
        values = schema.get("enum", [schema["const"]] if "const" in schema else None)
        if values is not None:
            types &= frozenset(_TYPE_OF.get(type(value), "null") for value in values)
        for keyword in ("anyOf", "oneOf"):
            if schema.get(keyword):
                found = (self._get_types(item, seen) for item in schema[keyword])
                types &= frozenset().union(*found)
        for item in schema.get("allOf", ()):
            types &= self._get_types(item, seen)
        return types

    def has_files(self, schema: Any) -> bool:
        """Return whether a schema has a part that is a file."""
        return any(
            item.get("format") == "binary"
            or item.get("contentMediaType") == "application/octet-stream"
            for item in self._iter_parts(schema, set())
        )

    def _iter_parts(self, schema: Any, seen: set[str]) -> Iterator[Mapping[str, Any]]:
        if not isinstance(schema, Mapping):
            return
        yield schema
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference not in seen:
            seen.add(reference)
            yield from self._iter_parts(self._find(reference), seen)
        for keyword in _BY_NAME & schema.keys():
            for item in schema[keyword].values():
                yield from self._iter_parts(item, seen)
        for keyword in _IN_LIST & schema.keys():
            for item in schema[keyword]:
                yield from self._iter_parts(item, seen)
        for keyword in _ALONE & schema.keys():
            yield from self._iter_parts(schema[keyword], seen)

    def complete(self, schema: Mapping[str, Any], **options: bool) -> dict[str, Any]:
        """Return a schema with everything it refers to in its ``$defs``.

        :param options: see :class:`_Converter`
        """
        converter = _Converter(**options)
        result: dict[str, Any] = converter.convert(schema)
        definitions: dict[str, Any] = {}
        while missing := converter.used.keys() - definitions.keys():
            for name in sorted(missing):
                found = self._find(converter.used[name])
                converted = converter.convert({} if found is None else found)
                drop_title(converted, name)
                definitions[name] = converted
        if definitions:
            # references have the names quoted, ``$defs`` has them unquoted
            result["$defs"] = {
                _unquote(name): definitions[name] for name in sorted(definitions)
            }
        return result


class _Converter:
    """Converts schemas, and collects those that they refer to.

    :param is_output: whether the schema is that of a response. Its ``format`` is left
        out: clients check it, and refuse a date without a time zone
    :param is_partial: whether the response may lack properties that are required. So
        what tells the parts of a ``oneOf`` apart may be lacking, too. ``not`` and
        ``if`` are left out: without ``required``, they would refuse more
    """

    def __init__(self, is_output: bool = False, is_partial: bool = False) -> None:
        self._is_partial = is_partial
        self._left_out = set(_LEFT_OUT)
        if is_output:
            self._left_out.add("format")
        if is_partial:
            self._left_out |= {"required", "dependentRequired", "minProperties"}
            self._left_out |= {"not", "if", "then", "else"}
        #: References by the quoted name of the schema.
        self.used: dict[str, str] = {}

    def convert(self, schema: Any) -> Any:
        if not isinstance(schema, Mapping):
            return schema
        result = {
            key: value for key, value in schema.items() if key not in self._left_out
        }
        if self._is_partial and "oneOf" in result:
            result.setdefault("anyOf", result.pop("oneOf"))
        if isinstance(result.get("$ref"), str):
            self._convert_reference(result)
        for keyword in _BY_NAME & result.keys():
            result[keyword] = {
                name: self.convert(item) for name, item in result[keyword].items()
            }
        for name, item in result.get("properties", {}).items():
            drop_title(item, name)
        for keyword in _IN_LIST & result.keys():
            result[keyword] = [self.convert(item) for item in result[keyword]]
        for keyword in _ALONE & result.keys():
            result[keyword] = self.convert(result[keyword])
        if "example" in schema and "examples" not in schema:
            result["examples"] = [schema["example"]]
        elif isinstance(result.get("examples"), Mapping):  # as a parameter has them
            del result["examples"]
        return result

    def _convert_reference(self, result: dict[str, Any]) -> None:
        reference = result["$ref"]
        if not reference.startswith(_PREFIX):
            del result["$ref"]  # clients can't follow it
            return
        name = reference.removeprefix(_PREFIX).partition("/")[0]
        self.used[name] = f"{_PREFIX}{name}"
        result["$ref"] = f"#/$defs/{reference.removeprefix(_PREFIX)}"


def drop_title(schema: Any, name: str) -> None:
    """Drop a title that only repeats the name."""
    if isinstance(schema, dict) and _normalize(schema.get("title")) == _normalize(name):
        del schema["title"]


def _normalize(text: Any) -> str | None:
    return re.sub(r"[\W_]", "", text).lower() if isinstance(text, str) else None


def _unquote(name: str) -> str:
    return unquote(name).replace("~1", "/").replace("~0", "~")
