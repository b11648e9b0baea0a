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
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..app.openapi import METHODS
from ._schema_values import ANY, Fields, Node, Values, read_values, resolve

__all__ = ["find_breaking_changes"]

#: Keywords of a schema, each with a function: whether a new limit is narrower.
LIMITS: dict[str, Callable[[Any, Any], bool]] = {
    **dict.fromkeys(("minimum", "exclusiveMinimum"), operator.gt),
    **dict.fromkeys(("minLength", "minItems"), operator.gt),
    **dict.fromkeys(("maximum", "exclusiveMaximum"), operator.lt),
    **dict.fromkeys(("maxLength", "maxItems"), operator.lt),
    **dict.fromkeys(("pattern", "format"), operator.ne),
    "multipleOf": lambda limit, old_limit: old_limit % limit != 0,
}
#: Keywords of a schema that describe its values and do not limit them.
ANNOTATIONS = {"title", "description", "default", "examples"}


def find_breaking_changes(old: Node, new: Node) -> list[str]:
    """Describe what may break clients of ``old`` when ``new`` is served.

    A changed schema is reported once, where it is first used.

    :param old: an OpenAPI document
    :param new: a later document of the same API
    """
    changes = _Comparison(old, new).compare()
    return [change.replace(".[", "[") for change in changes]


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
            parameter = resolve(document, node)
            name, kind = parameter.get("name"), parameter.get("in")
            if kind == "path" and name in names:
                name = names.index(name) + 1
            required = parameter.get("required", False)
            schema = parameter.get("schema", {})
            self.request[f"{kind} parameter {name}"] = schema, required
        body = resolve(document, operation.get("requestBody"))
        self.body = _get_content(body, "body", body.get("required", False))
        self.responses: Fields = {}
        for status, node in operation.get("responses", {}).items():
            self.responses[f"response {status}"] = {}, True
            response = resolve(document, node)
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
                scheme = {**resolve(document, schemes.get(name)), "description": ""}
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
        self._seen: set[tuple[Any, ...]] = set()

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
        old, new = (node if isinstance(node, Mapping) else ANY for node in (old, new))
        key = (_get_text(old), _get_text(new), sent)
        if '"$ref"' in key[0] + key[1]:  # every cycle contains a reference
            if key in self._seen:
                return
            self._seen.add(key)
        elif key[0] == key[1]:
            return
        before, after = read_values(self._old, old), read_values(self._new, new)
        values, known = (before, after) if sent else (after, before)
        choices = {value.choice for value in known} - {None}
        unknown, changes = [], []
        for value in values:
            if value.choice in choices:
                continue
            found = self._compare_values(place, value, values, known, sent)
            if found is None:
                unknown.append(_get_label(value, known))
            else:
                changes += found
        if unknown:
            verb = "must not" if sent else "can"
            yield f"{place} {verb} be {' or '.join(dict.fromkeys(unknown))}"
        yield from dict.fromkeys(changes)

    def _compare_values(
        self,
        place: str,
        value: Values,
        values: Sequence[Values],
        known: Sequence[Values],
        sent: bool,
    ) -> list[str] | None:
        """Compare a value with those that the side that receives it knows.

        A member of a union is compared with the member of the same name. Without one,
        any member may accept it.

        :param values: all values that are sent instead of this one
        :return: the changes of the value, None if it is not known at all
        """
        known = [other for other in known if other.includes(value)]
        same = [other for other in values if other.type == value.type]
        pairs = [(value, other) if sent else (other, value) for other in known]
        if any(other.type is None and not other.limits for other in known):
            return []
        if len(known) == 1 == len(same):
            return list(self._compare_pair(place, *pairs[0], sent))
        partner = _find_partner(value, same, known)
        if partner is not None:
            if value.title:
                place = f"{place} ({value.title})"
            return list(self._compare_pair(place, *pairs[partner], sent))
        for pair in pairs:
            before = set(self._seen)
            if not any(self._compare_pair(place, *pair, sent)):
                return []
            self._seen = before
        if value.is_structured or not known:
            return None
        return list(self._compare_pair(place, *pairs[0], sent))

    def _compare_pair(
        self, place: str, old: Values, new: Values, sent: bool
    ) -> Iterator[str]:
        """Compare values of the same type."""
        for keyword, excludes in LIMITS.items():
            limit, old_limit = new.limits.get(keyword), old.limits.get(keyword)
            if sent and limit is not None:
                if old_limit is None or excludes(limit, old_limit):
                    yield f"{place} must have {keyword} {limit}"
            elif keyword == "format" and old_limit not in (None, limit):
                yield f"{place} has not the format {old_limit}"
        if not old.is_structured or not new.is_structured:
            return
        key = (old.type, old.parts, new.parts, sent)
        if key in self._seen:
            return
        self._seen.add(key)
        is_object = old.type == "object"
        if sent and is_object and new.extra is False and old.extra is not False:
            yield f"{place} must not have other properties"
        # properties without a schema of their own have that of the rest
        old_fields, new_fields = dict(old.fields), dict(new.fields)
        rest = "*" if is_object else "[]"
        if old.rest is not None:
            unnamed = [name for name in new.fields if name not in old.fields]
            old_fields |= dict.fromkeys(unnamed, (old.rest, False))
            if new.rest is not None or (sent and old.rest and new.extra is None):
                old_fields[rest] = old.rest, False
        if new.rest is not None:
            unnamed = [name for name in old.fields if name not in new.fields]
            if sent:
                new_fields |= dict.fromkeys(unnamed, (new.rest, False))
            new_fields[rest] = new.rest, False
        yield from self._compare_fields(f"{place}.", old_fields, new_fields, sent)


def _get_text(schema: Node) -> str:
    """Return a text that is equal for schemas of the same values."""
    found = {name: schema[name] for name in schema if name not in ANNOTATIONS}
    return json.dumps(found, sort_keys=True)


def _get_label(value: Values, known: Sequence[Values]) -> str:
    """Return how a message calls a value that is not known."""
    if value.choice is not None:
        return value.choice
    if all(other.type != value.type for other in known):
        return value.type or "anything"
    return (value.title or str(value.type)) if value.is_structured else "anything"


def _find_partner(
    value: Values, values: Sequence[Values], known: Sequence[Values]
) -> int | None:
    """Return the position of the known value that has the same name.

    :param values: values that the name must distinguish this one from
    """
    for name in value.names:
        places = [place for place, other in enumerate(known) if name in other.names]
        if len(places) == 1 and sum(name in other.names for other in values) == 1:
            return places[0]
    return None
