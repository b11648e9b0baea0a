# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Reads a JSON schema as a list of alternatives. Pure Python.

The schema of ``Literal["a", "b"] | Cat | None`` has four: two strings, an object, and
null. Read like this, two spellings of the same values are equal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

__all__ = ["ANY", "Fields", "Node", "Values", "read_values", "resolve"]

Node = Mapping[str, Any]
#: Schema of a value and whether it is required, by name.
Fields = dict[str, tuple[Node, bool]]

#: The schema of any value.
ANY: Node = {}

_NUMBER_LIMITS = (
    *("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"),
    *("multipleOf", "format"),
)
#: Keywords that limit the values of a type.
_LIMITS = {
    "integer": _NUMBER_LIMITS,
    "number": _NUMBER_LIMITS,
    "string": ("minLength", "maxLength", "pattern", "format"),
    "array": ("minItems", "maxItems"),
    "object": (),
    "boolean": (),
    "null": (),
}
_ALL_LIMITS = {keyword for keywords in _LIMITS.values() for keyword in keywords}
#: The type of a schema without ``type``, by a keyword of it.
_IMPLIED_TYPES = {
    **dict.fromkeys(("properties", "required", "additionalProperties"), "object"),
    **dict.fromkeys(("items", "prefixItems"), "array"),
}
#: Keywords that, beside alternatives, narrow them.
_NARROWING = {"type", "enum", "const", *_ALL_LIMITS, *_IMPLIED_TYPES}


@dataclass
class Values:
    """Values of one type that a schema allows.

    :ivar type: None for any
    :ivar choice: the only value, as JSON
    :ivar names: what a schema can be recognized by, the best name first
    :ivar parts: identities of the schemas that it was read from
    :ivar fields: properties; items at a position, such as ``[0]``
    :ivar extra: schema of other properties or items, False if there can't be any
    :ivar free: whether the document names no properties at all
    """

    type: str | None = None
    choice: str | None = None
    names: list[tuple[str, ...]] = field(default_factory=list)
    parts: tuple[int, ...] = ()
    limits: dict[str, Any] = field(default_factory=dict)
    fields: Fields = field(default_factory=dict)
    extra: Any = None
    free: bool = True

    @property
    def is_structured(self) -> bool:
        return self.choice is None and self.type in ("object", "array")

    @property
    def rest(self) -> Node | None:
        """Schema of properties and items that have no schema of their own.

        None if the document does not say that there are any.
        """
        if isinstance(self.extra, Mapping):
            return self.extra
        free = self.extra is None and self.free
        return ANY if free or self.extra is True else None

    @property
    def title(self) -> str | None:
        """Name of the schema, for a message."""
        titles = {kind: name for kind, *_, name in reversed(self.names)}
        return titles.get("title", titles.get("ref"))

    def includes(self, other: Values) -> bool:
        """Return whether the type and the choice of other values are allowed."""
        types = {None, other.type} | ({"number"} if other.type == "integer" else set())
        return self.type in types and self.choice in (None, other.choice)


def resolve(document: Node, node: Any) -> Node:
    """Follow references. Return an empty mapping if they lead nowhere."""
    seen = set()
    while isinstance(node, Mapping) and "$ref" in node and node["$ref"] not in seen:
        seen.add(node["$ref"])
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            part = part.replace("~1", "/").replace("~0", "~")
            target = target.get(part) if isinstance(target, Mapping) else None
        node = target
    return node if isinstance(node, Mapping) else ANY


def read_values(document: Node, node: Any, seen: tuple[int, ...] = ()) -> list[Values]:
    """Return the alternatives that a schema of a document allows.

    :param seen: identities of the schemas around it
    """
    schema = resolve(document, node)
    if id(schema) in seen:
        return []
    seen = (*seen, id(schema))
    parts = [
        [
            values
            for part in schema[keyword]
            for values in read_values(document, part, seen)
        ]
        for keyword in ("anyOf", "oneOf")
        if keyword in schema
    ]
    parts += [read_values(document, part, seen) for part in schema.get("allOf", ())]
    if not parts or schema.keys() & _NARROWING:
        parts.insert(0, list(_read_own_values(document, node, schema)))
    result = parts[0]
    for more in parts[1:]:
        pairs = product(result, more)
        result = [both for pair in pairs for both in _intersect(*pair)]
    return result


def _read_own_values(document: Node, node: Any, schema: Node) -> Iterator[Values]:
    """Yield the values that a schema allows, without its alternatives."""
    choices = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if choices is not None:
        for choice in choices:
            text = None if choice is None else json.dumps(choice)
            yield Values(_get_type(choice), text, parts=(id(schema),))
        return
    implied = (kind for keyword, kind in _IMPLIED_TYPES.items() if keyword in schema)
    types = schema.get("type", next(implied, None))
    for kind in types if isinstance(types, list) else [types]:
        values = Values(kind, parts=(id(schema),))
        keywords = _LIMITS.get(kind, _ALL_LIMITS)
        values.limits = {name: schema[name] for name in keywords if name in schema}
        if kind == "integer":
            _include_limits(values.limits)
        elif kind == "array":
            items = enumerate(schema.get("prefixItems", ()))
            values.fields = {f"[{index}]": (item, False) for index, item in items}
            values.extra = schema.get("items")
        elif kind == "object":
            required = schema.get("required", ())
            properties = schema.get("properties", {})
            values.fields = {
                name: (properties.get(name, ANY), name in required)
                for name in dict.fromkeys((*properties, *required))
            }
            values.extra = schema.get("additionalProperties")
        values.free = not schema.keys() & {"properties", "prefixItems"}
        values.names = list(_get_names(document, node, schema, values.fields))
        yield values


def _get_type(value: Any) -> str:
    """Return the type of a JSON value."""
    if value is None:
        return "null"
    types = {bool: "boolean", int: "integer", float: "number", str: "string"}
    return types.get(type(value), "object" if isinstance(value, Mapping) else "array")


def _include_limits(limits: dict[str, Any]) -> None:
    """Write an excluded limit of integers as the next integer."""
    for name, step in (("minimum", 1), ("maximum", -1)):
        excluded = limits.get(f"exclusive{name.title()}")
        if name not in limits and excluded is not None and excluded % 1 == 0:
            del limits[f"exclusive{name.title()}"]
            limits[name] = int(excluded) + step


def _get_names(
    document: Node, node: Any, schema: Node, fields: Fields
) -> Iterator[tuple[str, ...]]:
    """Yield the component, the title, and the constants that tell members apart."""
    if isinstance(node, Mapping) and "$ref" in node:
        yield "ref", node["$ref"].rpartition("/")[2]
    if "title" in schema:
        yield "title", schema["title"]
    for name, (found, _required) in fields.items():
        found = resolve(document, found)
        choices = [found["const"]] if "const" in found else found.get("enum", ())
        if len(choices) == 1:
            yield "const", name, json.dumps(choices[0])


def _intersect(first: Values, second: Values) -> Iterator[Values]:
    """Yield the values that two schemas allow, if there are any."""
    types = {first.type, second.type} - {None}
    choices = {first.choice, second.choice} - {None}
    if len(choices) > 1 or (len(types) > 1 and types != {"integer", "number"}):
        return
    fields = {**second.fields, **first.fields}
    for name in first.fields.keys() & second.fields.keys():
        (schema, required), (other, also_required) = (
            values.fields[name] for values in (first, second)
        )
        fields[name] = schema or other, required or also_required
    yield Values(
        min(filter(None, types), default=None),
        next(iter(choices), None),
        [*first.names, *second.names],
        first.parts + second.parts,
        {**second.limits, **first.limits},
        fields,
        second.extra if first.extra is None else first.extra,
        first.free and second.free,
    )
