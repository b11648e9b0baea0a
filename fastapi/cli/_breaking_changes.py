# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Finds changes of an OpenAPI document that break clients. Pure Python.

A change breaks clients if a value that they send is no longer accepted, or if they may
receive a value that is not in the old document. Limits and patterns of responses are
not compared.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..app.openapi import METHODS

__all__ = ["find_breaking_changes"]

Node = Mapping[str, Any]
#: Schema of a value and whether it is required, by name.
Fields = dict[str, tuple[Node, bool]]

#: Keywords of a schema that describe its values and do not limit them.
ANNOTATIONS = {"title", "description", "default", "examples"}

#: Keywords of a schema, each with a function: whether a new limit is narrower.
LIMITS = {
    **dict.fromkeys(("minimum", "exclusiveMinimum"), operator.gt),
    **dict.fromkeys(("minLength", "minItems"), operator.gt),
    **dict.fromkeys(("maximum", "exclusiveMaximum"), operator.lt),
    **dict.fromkeys(("maxLength", "maxItems"), operator.lt),
    **dict.fromkeys(("pattern", "multipleOf", "format"), operator.ne),
}


def find_breaking_changes(old: Node, new: Node) -> list[str]:
    """Describe what may break clients of ``old`` when ``new`` is served.

    A changed schema is reported once, where it is first used.

    :param old: an OpenAPI document
    :param new: a later document of the same API
    """
    changes = _Comparison(old, new).compare()
    return [change.replace(".[]", "[]") for change in changes]


@dataclass
class _Values:
    """The values that a schema allows, with all its alternatives."""

    types: list[str] | None = field(default_factory=list)  # None for any
    choices: list[str] | None = field(default_factory=list)  # as JSON, None for any
    fields: Fields = field(default_factory=dict)  # properties and items
    limits: dict[str, Any] = field(default_factory=dict)


class _Operation:
    """The parts of an operation that are compared.

    :ivar ways: schemes and scopes of each way to authenticate, by the schemes' names
    """

    def __init__(self, document: Node, path: str, item: Node, method: str) -> None:
        operation = item[method]
        self.id = operation.get("operationId")
        self.request: Fields = {}
        names = re.findall(r"{(\w+)", path)
        for node in (*item.get("parameters", ()), *operation.get("parameters", ())):
            parameter = _resolve(document, node)
            name, kind = parameter.get("name"), parameter.get("in")
            if kind == "path" and name in names:
                name = names.index(name) + 1
            required = parameter.get("required", False)
            schema = parameter.get("schema", {})
            self.request[f"{kind} parameter {name}"] = schema, required
        body = _resolve(document, operation.get("requestBody"))
        self.body = _get_content(body, "body", body.get("required", False))
        self.responses: Fields = {}
        for status, node in operation.get("responses", {}).items():
            self.responses[f"response {status}"] = {}, True
            response = _resolve(document, node)
            if status == "101":  # messages of a WebSocket (app.openapi_messages)
                media = response.get("content", {}).get("application/json", {})
                sides = media.get("schema", {}).get("properties", {})
                for name, schema in sides.items():
                    fields = self.request if name == "receive" else self.responses
                    fields[f"message to {name}"] = schema, False
                continue
            self.responses |= _get_content(response, f"response {status}", True)
        self.ways: dict[str, set[str]] = {}
        schemes = document.get("components", {}).get("securitySchemes", {})
        for way in operation.get("security", document.get("security")) or [{}]:
            wanted = set()
            for name, scopes in way.items():
                # compared by content, not by name
                scheme = {**_resolve(document, schemes.get(name)), "description": ""}
                text = json.dumps(scheme, sort_keys=True)
                wanted |= {text, *(f"{text} {scope}" for scope in scopes)}
            self.ways[" and ".join(way) or "no authentication"] = wanted


def _get_content(node: Node, name: str, required: bool) -> Fields:
    return {
        name if kind == "application/json" else f"{name} as {kind}": (
            media.get("schema", {}),
            required,
        )
        for kind, media in node.get("content", {}).items()
    }


class _Comparison:
    def __init__(self, old: Node, new: Node) -> None:
        self._old = old
        self._new = new
        self._seen: set[tuple[str, str, bool]] = set()

    def compare(self) -> Iterator[str]:
        # renamed path parameters do not break clients
        new_items = {
            re.sub(r"{\w+", "{", path): (path, item)
            for path, item in self._new.get("paths", {}).items()
        }
        for path, item in self._old.get("paths", {}).items():
            new_path, new_item = new_items.get(re.sub(r"{\w+", "{", path), ("", {}))
            for method in filter(item.get, METHODS):
                place = f"{method.upper()} {path}"
                if method in new_item:
                    old_operation = _Operation(self._old, path, item, method)
                    new_operation = _Operation(self._new, new_path, new_item, method)
                    yield from self._compare(place, old_operation, new_operation)
                else:
                    yield f"{place} is gone"

    def _compare(self, place: str, old: _Operation, new: _Operation) -> Iterator[str]:
        if old.id not in (None, new.id):
            yield f"{place}: operation id {old.id} is gone"
        for name, way in old.ways.items():
            if not any(new_way <= way for new_way in new.ways.values()):
                yield f"{place}: needs {' or '.join(new.ways)}, not {name}"
        prefix = f"{place}: "
        yield from self._compare_fields(prefix, old.request, new.request, True)
        # once there is a body, clients need no other media type
        known = old.body or new.body
        body = {name: new.body[name] for name in new.body if name in known}
        yield from self._compare_fields(prefix, old.body, body, True)
        yield from self._compare_fields(prefix, old.responses, new.responses, False)

    def _compare_fields(
        self, prefix: str, old: Fields, new: Fields, sent: bool
    ) -> Iterator[str]:
        """Compare named values.

        :param prefix: text before each name
        :param sent: whether clients send the values; otherwise they receive them
        """
        for name, (schema, required) in old.items():
            place = f"{prefix}{name}"
            if name not in new:
                yield f"{place} is gone"
                continue
            new_schema, new_required = new[name]
            if sent and new_required and not required:
                yield f"{place} is required"
            if not sent and required and not new_required:
                yield f"{place} can be missing"
            yield from self._compare_schemas(place, schema, new_schema, sent)
        for name, (_schema, required) in new.items():
            if sent and required and name not in old:
                yield f"{prefix}{name} is new and required"

    def _compare_schemas(
        self, place: str, old: Node, new: Node, sent: bool
    ) -> Iterator[str]:
        # the schema `true` allows any value
        old, new = (node if isinstance(node, Mapping) else {} for node in (old, new))
        key = (_get_text(old), _get_text(new), sent)
        if '"$ref"' in key[0] + key[1]:  # every cycle contains a reference
            if key in self._seen:
                return
            self._seen.add(key)
        before, after = _get_values(self._old, old), _get_values(self._new, new)
        values, known = (before, after) if sent else (after, before)
        for name in ("types", "choices"):
            unknown = _subtract(getattr(values, name), getattr(known, name))
            if unknown:
                verb = "must not" if sent else "can"
                yield f"{place} {verb} be {' or '.join(unknown)}"
                break
        for keyword, excludes in LIMITS.items():
            limit, old_limit = after.limits.get(keyword), before.limits.get(keyword)
            if sent and limit is not None:
                if old_limit is None or excludes(limit, old_limit):
                    yield f"{place} must have {keyword} {limit}"
            elif keyword == "format" and old_limit not in (None, limit):
                yield f"{place} has not the format {old_limit}"
        yield from self._compare_fields(f"{place}.", before.fields, after.fields, sent)


def _get_text(schema: Node) -> str:
    """Return a text that is equal for schemas of the same values."""
    found = {name: schema[name] for name in schema if name not in ANNOTATIONS}
    return json.dumps(found, sort_keys=True)


def _resolve(document: Node, node: Any) -> Node:
    seen = set()
    while isinstance(node, Mapping) and "$ref" in node and node["$ref"] not in seen:
        seen.add(node["$ref"])
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            part = part.replace("~1", "/").replace("~0", "~")
            target = target.get(part) if isinstance(target, Mapping) else None
        node = target
    return node if isinstance(node, Mapping) else {}


def _get_values(document: Node, node: Any, seen: tuple[int, ...] = ()) -> _Values:
    schema = _resolve(document, node)
    if id(schema) in seen:
        return _Values()
    result = _Values()
    seen = (*seen, id(schema))
    parts = [
        _get_values(document, part, seen)
        for keyword in ("anyOf", "oneOf", "allOf")
        for part in schema.get(keyword, ())
    ]
    if not parts or schema.keys() & {"type", "properties", "enum", "const"}:
        parts.append(_get_own_values(schema))
    for part in parts:
        for name in ("types", "choices"):
            have, more = getattr(result, name), getattr(part, name)
            both = None if have is None or more is None else [*have, *more]
            setattr(result, name, both)
        result.fields = {**part.fields, **result.fields}
        result.limits |= part.limits
    return result


def _get_own_values(schema: Node) -> _Values:
    """Return the values that a schema allows, without its alternatives."""
    kinds = schema.get("type", "object" if "properties" in schema else None)
    types = [kinds] if isinstance(kinds, str) else kinds
    choices = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if types == ["null"]:
        choices = [None]
    elif types and "number" in types:
        types = [*types, "integer"]
    fields = {
        name: (found, name in schema.get("required", ()))
        for name, found in schema.get("properties", {}).items()
    }
    for keyword, name in (("items", "[]"), ("additionalProperties", "*")):
        if isinstance(schema.get(keyword), Mapping):
            fields[name] = schema[keyword], False
    return _Values(
        types,
        None if choices is None else [json.dumps(choice) for choice in choices],
        fields,
        {keyword: schema[keyword] for keyword in LIMITS if keyword in schema},
    )


def _subtract(values: list[str] | None, known: list[str] | None) -> list[str]:
    """Return the values that are not in ``known``. None means any value."""
    if known is None:
        return []
    if values is None:
        return ["anything"]
    return [value for value in dict.fromkeys(values) if value not in known]
