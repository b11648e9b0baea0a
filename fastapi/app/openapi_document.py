# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Completes the OpenAPI document of an app for client generators.

FastAPI makes the document. This module adds

* short operation ids, which become names of functions: ``list_orders`` instead of
  ``list_orders_orders_get``;
* different titles for different schemas, which become names of classes;
* the groups that may call a route, and whether credentials are optional;
* what dependencies say of the operations that use them (``describe_operation``);
* the error responses that all apps have, described once and referred to;
* one description of the headers that all operations accept, instead of a parameter of
  each operation;
* the messages of WebSockets (``message_routes``), which OpenAPI has no place for: a GET
  with the response 101, whose content has the schemas of both sides.

It does not change what the developer has set: an ``operation_id``, a
``generate_unique_id_function``, ``responses``, a header that a route itself depends on.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from fastapi.datastructures import DefaultPlaceholder
from fastapi.openapi.utils import (
    validation_error_definition,
    validation_error_response_definition,
)
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.security.base import SecurityBase

from .openapi import GROUPS_KEY, GROUPS_SENTENCE, METHODS
from .openapi_messages import describe_messages
from .route_apps import only_documents

if TYPE_CHECKING:
    from fastapi import FastAPI
    from fastapi.dependencies.models import Dependant
    from fastapi.routing import RouteContext

__all__ = ["complete_document", "refer_to_error"]

#: Error responses by status: key in ``components/responses``, and description.
ERRORS = {
    "400": ("BadRequest", "The request can't be carried out: `detail` says why."),
    "401": ("Unauthorized", "Credentials are missing or wrong."),
    "403": ("Forbidden", "The caller has no right to do this."),
    "404": ("NotFound", "It does not exist, or the caller may not see it."),
    "409": (
        "Conflict",
        "Another request is in the way: `detail` says why. `Retry-After`, if it is "
        "there, says after how many seconds to try again.",
    ),
    "422": ("ValidationError", "The request is not as documented here."),
    "426": (
        "UpgradeRequired",
        "The path serves a WebSocket, and this is not the handshake of one.",
    ),
    "429": (
        "TooManyRequests",
        "There were too many requests or wrong credentials, or the caller has too many "
        "WebSockets open. `Retry-After` says after how many seconds to try again.",
    ),
    "500": ("InternalServerError", "The server failed."),
    "503": (
        "ServiceUnavailable",
        "The API is not available at the moment. `Retry-After`, if it is there, says "
        "after how many seconds to try again.",
    ),
}
#: The schema of these responses, except 422: ``schemas.ErrorDetail``.
ERROR_SCHEMA = {
    "title": "ErrorDetail",
    "description": "What went wrong.",
    "type": "object",
    "properties": {"detail": {"title": "Detail", "type": "string"}},
    "required": ["detail"],
}
#: Names of this schema. The second one is for apps that use the first one themselves.
_ERROR_SCHEMA_NAMES = ("ErrorDetail", "odoo__addons__fastapi__schemas__ErrorDetail")

#: FastAPI's 422 response (``fastapi.openapi.utils.get_openapi_path``).
_FASTAPI_422 = {
    "description": "Validation Error",
    "content": {
        "application/json": {
            "schema": {"$ref": "#/components/schemas/HTTPValidationError"}
        }
    },
}
#: Methods that change nothing.
_SAFE_METHODS = frozenset({"get", "head", "options", "trace"})


class _Documented(NamedTuple):
    """A route, and one of its operations in the document."""

    route: RouteContext
    method: str
    operation: dict[str, Any]


def complete_document(document: dict[str, Any], app: FastAPI) -> None:
    """Complete the OpenAPI document of an app, in place."""
    documented = list(_iter_documented(document, app))
    _shorten_ids(document, documented)
    _describe_headers_once(document, documented)
    _add_requirements(documented)
    for item in documented:
        _describe_by_dependencies(item)
    _add_errors(document, documented)
    for item in documented:
        if _is_message_route(item.route):
            describe_messages(item.operation)
    _distinguish_titles(document)


def _is_message_route(route: RouteContext) -> bool:
    return hasattr(route.original_route, "message_route")


def _iter_documented(document: dict[str, Any], app: FastAPI) -> Iterator[_Documented]:
    routes: dict[tuple[str | None, str], RouteContext] = {}
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute) and route.include_in_schema:
            for method in sorted(route.methods or ()):
                # FastAPI documents the last one of several
                routes[route.path_format, method.lower()] = route
    for (path, method), route in routes.items():
        operation = document["paths"].get(path, {}).get(method)
        if operation is not None:  # another thread may have just added the route
            yield _Documented(route, method, operation)


def _shorten_ids(document: dict[str, Any], documented: list[_Documented]) -> None:
    """Shorten the operation ids that the developer has not chosen.

    In the order of the routes, each gets the shortest unused id. So routes that are
    added later, for example by another addon, do not change the existing ids.
    """
    generated = [item for item in documented if _has_generated_id(item)]
    theirs = {id(item.operation) for item in generated}
    taken = {
        _normalize(operation["operationId"])
        for paths in (document["paths"], document.get("webhooks", {}))
        for operation in _iter_operations(paths)
        if id(operation) not in theirs and "operationId" in operation
    }
    new_ids = {}
    for item in generated:
        candidates = _iter_ids(item)
        new = next(name for name in candidates if _normalize(name) not in taken)
        taken.add(_normalize(new))
        new_ids[item.operation["operationId"]] = new
        item.operation["operationId"] = new
    for item in documented:
        for response in item.operation.get("responses", {}).values():
            for link in response.get("links", {}).values():
                if link.get("operationId") in new_ids:
                    link["operationId"] = new_ids[link["operationId"]]


def _has_generated_id(item: _Documented) -> bool:
    """Return whether an operation id is FastAPI's default."""
    route = item.route
    return (
        not route.operation_id
        and isinstance(route.generate_unique_id_function, DefaultPlaceholder)
        # ``openapi_extra`` may replace it
        and item.operation.get("operationId") == route.unique_id
    )


def _iter_ids(item: _Documented) -> Iterator[str]:
    """Yield ids for an operation, the shortest first, numbered ones last."""
    route, method, operation = item
    name = _to_identifier(route.name or "")
    if name and len(route.methods or ()) > 1:
        name = f"{name}_{method}"
    if name:
        yield name
        tag = _to_identifier((operation.get("tags") or [""])[0]).lower()
        if tag:
            yield f"{tag}_{name}"
    long = f"{_to_identifier(f'{route.name}{route.path_format}')}_{method}"
    yield long
    for number in itertools.count(2):
        yield f"{long}_{number}"


def _to_identifier(text: str) -> str:
    return re.sub(r"\W+", "_", text).strip("_")


def _normalize(operation_id: str) -> str:
    """Return what is left of an id if a generator ignores case and punctuation."""
    return re.sub(r"[\W_]", "", operation_id).lower()


def _iter_operations(paths: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the operations of path items and of their callbacks."""
    for item in paths.values():
        if not isinstance(item, dict):  # a reference in ``openapi_extra``
            continue
        for method, operation in item.items():
            if method in METHODS:
                yield operation
                for callback in operation.get("callbacks", {}).values():
                    yield from _iter_operations(callback)


def _describe_headers_once(
    document: dict[str, Any], documented: list[_Documented]
) -> None:
    """Move headers that the app only documents out of the operations.

    ``info`` and ``components/parameters`` describe them. Operations don't refer to
    these, so generators add no arguments for them.
    """
    moved: dict[str, Any] = {}
    for item in documented:
        operation = item.operation
        params = list(_iter_params(item.route.dependant))
        names = {
            param.alias
            for dependant, param in params
            if only_documents(dependant)
            and sum(other.alias == param.alias for _other, other in params) == 1
        }
        kept = []
        for parameter in operation.get("parameters", ()):
            # of ``openapi_extra``, it may be a reference
            name = parameter.get("name")
            if parameter.get("in") == "header" and name in names:
                moved[name] = parameter
            else:
                kept.append(parameter)
        if names:
            operation["parameters"] = kept
            if not kept:
                del operation["parameters"]
            if len(params) == len(names) and not item.route.body_field:
                if operation["responses"].get("422") == _FASTAPI_422:
                    del operation["responses"]["422"]
    for name, parameter in moved.items():
        components = document.setdefault("components", {})
        key = re.sub(r"[^\w.]", "", name)
        components.setdefault("parameters", {})[key] = parameter
        info = document["info"]
        text = f"All operations take the header `{name}`."
        parts = (info.get("description"), text, parameter.get("description"))
        info["description"] = "\n\n".join(filter(None, parts))


def _iter_params(dependant: Dependant) -> Iterator[tuple[Dependant, Any]]:
    """Yield the parameters of a route, each with the dependency that has it."""
    for param in (
        *dependant.path_params,
        *dependant.query_params,
        *dependant.header_params,
        *dependant.cookie_params,
    ):
        yield dependant, param
    for dependency in dependant.dependencies:
        yield from _iter_params(dependency)


def _add_requirements(documented: list[_Documented]) -> None:
    """Add the groups that may call a route, and mark optional credentials.

    ``x-odoo-groups`` is a list of requirements, each a list of XML ids of groups; the
    caller needs one of them.
    """
    for item in documented:
        operation, dependant = item.operation, item.route.dependant
        requirements = list(dict.fromkeys(_iter_groups(dependant)))
        if requirements:
            operation[GROUPS_KEY] = [list(groups) for groups in requirements]
            sentences = [
                f"{GROUPS_SENTENCE}{' or '.join(f'`{group}`' for group in groups)}."
                for groups in requirements
            ]
            parts = (operation.get("description"), *sentences)
            operation["description"] = "\n\n".join(filter(None, parts))
        optional = list(_iter_optional_auth(dependant))
        security = operation.get("security")
        if security and {} not in security and optional and all(optional):
            security.append({})


def _describe_by_dependencies(item: _Documented) -> None:
    """Let the dependencies of an operation complete its description.

    A dependency may have a method ``describe_operation``, which gets the method in
    lower case and the operation, and changes the operation. It describes what the
    parameters of the dependency do not. For error responses, see ``refer_to_error``.
    """
    for call in dict.fromkeys(_iter_calls(item.route.dependant)):
        describe = getattr(call, "describe_operation", None)
        if describe is not None:
            describe(item.method, item.operation)


def _iter_calls(dependant: Dependant) -> Iterator[Any]:
    """Yield the dependencies of a route, those of the app first."""
    for dependency in dependant.dependencies:
        yield from _iter_calls(dependency)
        yield dependency.call


def _iter_groups(dependant: Dependant) -> Iterator[tuple[str, ...]]:
    """Yield the groups of each ``require_group`` (``auth.requirements``)."""
    groups = getattr(dependant.call, "required_groups", None)
    if groups:
        yield groups
    for dependency in dependant.dependencies:
        yield from _iter_groups(dependency)


def _iter_optional_auth(dependant: Dependant, optional: bool = False) -> Iterator[bool]:
    """Yield for each security scheme whether it is optional.

    This is known for the endpoint's ways to authenticate (``auth.ways``), but not for
    dependencies of an app.
    """
    optional = optional or getattr(dependant.call, "optional_auth", False)
    if isinstance(dependant.call, SecurityBase):
        yield optional
    for dependency in dependant.dependencies:
        yield from _iter_optional_auth(dependency, optional)


def _add_errors(document: dict[str, Any], documented: list[_Documented]) -> None:
    """Add references to the error responses of each operation.

    ``responses`` of a route, router or app take precedence, also for ranges.
    """
    used = set()
    for item in documented:
        responses = item.operation["responses"]
        statuses = set(_iter_statuses(document, item))
        if responses.get("422") == _FASTAPI_422:
            del responses["422"]
            statuses.add("422")
        for status in statuses:
            if not {status, f"{status[0]}XX", "default"} & responses.keys():
                responses[status] = refer_to_error(status)
        used |= {
            status
            for status in ERRORS
            if responses.get(status) == refer_to_error(status)
        }
        item.operation["responses"] = dict(sorted(responses.items()))
    if not used:
        return
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schema = next(
        name
        for name in _ERROR_SCHEMA_NAMES
        if schemas.setdefault(name, ERROR_SCHEMA) == ERROR_SCHEMA
    )
    if "422" in used:  # FastAPI adds them only for operations with parameters
        schemas.setdefault("ValidationError", validation_error_definition)
        schemas.setdefault("HTTPValidationError", validation_error_response_definition)
    components["schemas"] = dict(sorted(schemas.items()))
    described = components.setdefault("responses", {})
    for status in sorted(used):
        key, description = ERRORS[status]
        name = "HTTPValidationError" if status == "422" else schema
        described[key] = {
            "description": description,
            "content": {
                "application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}
            },
        }
        if status in ("409", "429", "503"):
            described[key]["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}


def refer_to_error(status: str) -> dict[str, str]:
    """Return the response of an operation for a key of :data:`ERRORS`."""
    return {"$ref": f"#/components/responses/{ERRORS[status][0]}"}


def _iter_statuses(document: dict[str, Any], item: _Documented) -> Iterator[str]:
    """Yield the error statuses of an operation, except 422."""
    operation = item.operation
    if (
        item.method not in _SAFE_METHODS
        or operation.get("parameters")
        or "requestBody" in operation
    ):
        yield "400"
    if operation.get("security", document.get("security")) or (GROUPS_KEY in operation):
        yield "401"
        yield "403"
    if _takes_secrets(document, operation):
        yield "429"
    if _is_message_route(item.route):
        # the page of another site; not a handshake; the limits
        yield from ("403", "426", "429")
    if item.route.param_convertors:
        yield "404"
    for call in _iter_calls(item.route.dependant):
        yield from getattr(call, "error_statuses", ())  # keys of ERRORS
    yield "500"
    yield "503"


def _takes_secrets(document: dict[str, Any], operation: dict[str, Any]) -> bool:
    """Return whether clients send secrets that can be guessed, unlike cookies."""
    schemes = document.get("components", {}).get("securitySchemes", {})
    return any(
        schemes.get(name, {}).get("in") != "cookie"
        for way in operation.get("security", document.get("security", ()))
        for name in way
    )


def _distinguish_titles(document: dict[str, Any]) -> None:
    """Give schemas with the same title different ones.

    FastAPI uses different keys but the same title for models of the same name, and for
    the two schemas of a model (``Name-Input``, ``Name-Output``).
    ``openapi-python-client`` drops all but one of them.
    """
    schemas = document.get("components", {}).get("schemas", {})
    by_title: dict[str, list[str]] = {}
    for key, schema in schemas.items():
        by_title.setdefault(_normalize(schema.get("title", key)), []).append(key)
    for keys in by_title.values():
        if len(keys) > 1:
            for key, title in zip(keys, _shorten_keys(keys), strict=True):
                schemas[key] = {**schemas[key], "title": title}


def _shorten_keys(keys: list[str]) -> list[str]:
    """Return the shortest ends by which the keys differ."""
    parts = [key.split("__") for key in keys]
    for size in range(1, max(map(len, parts))):
        ends = ["_".join(part[-size:]) for part in parts]
        if len(set(map(_normalize, ends))) == len(ends):
            return ends
    return keys
