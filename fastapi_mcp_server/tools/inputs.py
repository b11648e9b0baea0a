# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The arguments of a route, from its operation in the OpenAPI document.

Both the parameters and the properties of the body are arguments. Headers and cookies
are optional arguments, because a client may send them with all its requests. The body
is one argument if its properties can't be arguments: the body is not an object, it is
optional, a property has the name of a parameter, or the schema has more than
properties.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from .arguments import FORM, Arguments, Body, Parameter, Path
from .schemas import Schemas, drop_title
from .values import Value

__all__ = [
    "JSON",
    "KEY_HEADER",
    "LONGEST_NAME",
    "NAME",
    "Refusal",
    "make_arguments",
]

JSON = "application/json"
KEY_HEADER = "idempotency-key"
#: Most characters of a name that the APIs of language models accept.
LONGEST_NAME = 64
#: Names of tools and arguments that they accept.
NAME = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST_NAME}}}")
#: Headers that the client sets, or that an agent must not choose.
_NOT_ARGUMENTS = re.compile(
    r"accept|accept-encoding|authorization|connection|content-.*|cookie|expect"
    r"|forwarded|host|if-modified-since|if-none-match|keep-alive|last-event-id|mcp-.*"
    r"|origin|proxy-.*|range|referer|sec-.*|te|trailer|transfer-encoding|upgrade"
    r"|user-agent|via|x-forwarded-.*|x-real-ip|x-request-id"
)
#: Keywords of a body whose properties can be arguments.
_PLAIN = {
    *("additionalProperties", "description", "example", "examples", "properties"),
    *("required", "title", "type"),
}


class Refusal(Exception):
    """A marked route can't be what the mark says. The message says why."""


def make_arguments(
    operation: Mapping[str, Any], path: Path, schemas: Schemas
) -> tuple[Arguments, dict[str, Any]]:
    """Return the arguments of an operation, and their JSON schema.

    :raises Refusal: agents can't send the body
    """
    parameters: dict[str, Parameter] = {}
    properties: dict[str, Any] = {}
    for item in _iter_parameters(operation, path, schemas):
        name = _name_parameter(item, parameters)
        schema = _get_parameter_schema(item)
        # the client may send headers and cookies with each request, such as an API key
        required = item["in"] in ("path", "query") and item.get("required", False)
        parameters[name] = Parameter(
            **_describe_value(schema, required, schemas),
            name=item["name"],
            place=item["in"],
        )
        properties[name] = schema
    required_names = [name for name, item in parameters.items() if item.required]
    body, has_extras = None, False
    found = _get_body(operation, schemas)
    if found is not None:
        media_type, body_schema, is_required = found
        content = schemas.resolve(body_schema)
        inner = {
            name: Value(
                **_describe_value(item, name in _get_required(content), schemas)
            )
            for name, item in _get_properties(content).items()
        }
        value = Value(**_describe_value(body_schema, is_required, schemas))
        if is_required and _is_plain(content, parameters):
            argument = None
            properties |= content["properties"]
            required_names += _get_required(content)
            has_extras = bool(content.get("additionalProperties"))
        else:
            argument = "body" if "body" not in parameters else "request_body"
            properties[argument] = body_schema
            required_names += [argument] if is_required else []
        body = Body(media_type, value, argument, inner, has_extras)
        if has_extras:
            extras = content["additionalProperties"]
    schema = {
        "type": "object",
        "properties": properties,
        "required": required_names,
        "additionalProperties": extras if has_extras else False,
    }
    if not required_names:
        del schema["required"]
    return Arguments(path, parameters, body), schemas.complete(schema)


def _iter_parameters(
    operation: Mapping[str, Any], path: Path, schemas: Schemas
) -> Iterator[Mapping[str, Any]]:
    """Yield the parameters of an operation that agents can send."""
    undocumented = set(re.findall(r"{(\w+)}", path.template))
    for item in map(schemas.resolve, operation.get("parameters", ())):
        if item.get("in") == "path":
            undocumented.discard(item["name"])
        if item.get("in") == "header" and _NOT_ARGUMENTS.fullmatch(
            item["name"].lower()
        ):
            continue
        if item.get("in") in ("path", "query", "header", "cookie"):
            yield item
    for name in sorted(undocumented):
        schema = {"type": "string"}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _name_parameter(item: Mapping[str, Any], taken: Collection[str]) -> str:
    """Return the name of the argument for a parameter, which is not taken."""
    name = item["name"]
    if item["in"] == "header":
        name = name.lower().replace("-", "_")
    if not NAME.fullmatch(name):
        name = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")[:48] or item["in"]
    unique, number = name, 1
    while unique in taken:
        unique = f"{item['in']}_{name}{'' if number == 1 else number}"
        unique = unique[:LONGEST_NAME]
        number += 1
    return unique


def _get_parameter_schema(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter, with its description and example."""
    schema = item.get("schema")
    schema = {**schema} if isinstance(schema, Mapping) else {}
    for keyword in ("description", "deprecated", "example"):
        if item.get(keyword):
            schema[keyword] = item[keyword]
    drop_title(schema, item["name"])
    return schema


def _get_body(
    operation: Mapping[str, Any], schemas: Schemas
) -> tuple[str, Mapping[str, Any], bool] | None:
    """Return media type and schema of the body, and whether it is required.

    :raises Refusal: agents can't send the body
    """
    body = schemas.resolve(operation.get("requestBody"))
    content = body.get("content")
    if not content:
        return None
    required = body.get("required", False)
    for media_type, item in content.items():
        essence = media_type.partition(";")[0].strip().lower()
        if essence == JSON or essence.endswith("+json"):
            return media_type, item.get("schema", {}), required
    for media_type, item in content.items():
        essence = media_type.partition(";")[0].strip().lower()
        schema = item.get("schema", {})
        if essence == "multipart/form-data" and schemas.has_files(schema):
            raise Refusal("It takes files, which agents can't send.")
        # an app reads forms of both types
        if essence in (FORM, "multipart/form-data"):
            return FORM, schema, required
    types = ", ".join(content)
    raise Refusal(f"It takes a body that is neither JSON nor a form: {types}.")


def _describe_value(schema: Any, required: bool, schemas: Schemas) -> dict[str, Any]:
    content = schemas.resolve(schema)
    is_mapping = isinstance(content, Mapping)
    return {
        "types": schemas.get_types(schema),
        "required": required,
        "as_json": is_mapping and content.get("contentMediaType") == JSON,
        "has_default": is_mapping and bool(content.get("default")),
    }


def _get_properties(schema: Any) -> Mapping[str, Any]:
    return schema.get("properties", {}) if isinstance(schema, Mapping) else {}


def _get_required(schema: Any) -> list[str]:
    return schema.get("required", []) if isinstance(schema, Mapping) else []


def _is_plain(schema: Any, parameters: Collection[str]) -> bool:
    """Return whether the properties of a body can be arguments."""
    if not isinstance(schema, Mapping) or schema.get("type") != "object":
        return False
    properties = _get_properties(schema)
    return (
        bool(properties)
        and all(key in _PLAIN or key.startswith("x-") for key in schema)
        and not (parameters and schema.get("additionalProperties"))
        and all(map(NAME.fullmatch, properties))
        and not set(parameters) & properties.keys()
    )
