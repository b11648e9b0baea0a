# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The OpenAPI document of an app, as programs that generate clients need it.

FastAPI makes the document. Here it gets, in its own place,

* short operation ids, which become the names of functions: ``list_orders``, not
  ``list_orders_orders_get``;
* titles of schemas that differ, of which generators make names of classes;
* the groups that a route is for, and where credentials are optional;
* the errors that Odoo's apps answer with, described once and referred to;
* a description of headers that every operation takes, instead of one more argument of
  every generated function.

What a developer has said stays: an ``operation_id``, a ``generate_unique_id_function``
of a route, router or app, ``responses``, a header that a route asks for itself.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from fastapi.datastructures import DefaultPlaceholder
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.security.base import SecurityBase

from .openapi import GROUPS_KEY, GROUPS_SENTENCE, METHODS

if TYPE_CHECKING:
    from fastapi import FastAPI
    from fastapi.dependencies.models import Dependant
    from fastapi.routing import RouteContext

__all__ = ["complete_document"]

#: Errors by status: key below ``components/responses``, and description.
ERRORS = {
    "400": ("BadRequest", "The request can't be carried out: `detail` says why."),
    "401": ("Unauthorized", "Credentials are missing or wrong."),
    "403": ("Forbidden", "The caller has no right to do this."),
    "404": ("NotFound", "There is no such thing, or none for the caller."),
    "422": ("ValidationError", "The request is not as documented here."),
    "429": (
        "TooManyRequests",
        "There were too many wrong credentials. `Retry-After` says after how many "
        "seconds to try again.",
    ),
    "500": ("InternalServerError", "The server failed."),
    "503": (
        "ServiceUnavailable",
        "The API is not available at the moment. `Retry-After`, if it is there, says "
        "after how many seconds to try again.",
    ),
}
#: The schema of all of these but 422: ``schemas.ErrorDetail``.
ERROR_SCHEMA = {
    "title": "ErrorDetail",
    "description": "What went wrong.",
    "type": "object",
    "properties": {"detail": {"title": "Detail", "type": "string"}},
    "required": ["detail"],
}
#: Names for it: the second one if an app has another schema of the first, as FastAPI
#: names two models that are called the same.
_ERROR_SCHEMA_NAMES = ("ErrorDetail", "odoo__addons__fastapi__schemas__ErrorDetail")

#: What FastAPI says of a wrong request (``fastapi.openapi.utils.get_openapi_path``).
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
    """A route, and the operation that one of its methods is in the document."""

    route: RouteContext
    method: str
    operation: dict[str, Any]


def complete_document(document: dict[str, Any], app: FastAPI) -> None:
    """Add what FastAPI's document of an app lacks, in place.

    :param document: just made by ``FastAPI.openapi``
    :param app: whose document it is
    """
    documented = list(_iter_documented(document, app))
    _shorten_ids(document, documented)
    _describe_headers_once(document, documented)
    _add_requirements(documented)
    _add_errors(document, documented)
    _distinguish_titles(document)


def _iter_documented(document: dict[str, Any], app: FastAPI) -> Iterator[_Documented]:
    routes: dict[tuple[str, str], RouteContext] = {}
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute) and route.include_in_schema:
            for method in sorted(route.methods):  # a set
                # of two, FastAPI documents the last one
                routes[route.path_format, method.lower()] = route
    for (path, method), route in routes.items():
        yield _Documented(route, method, document["paths"][path][method])


# ----------------------------------------------------------------------
# Operation ids
# ----------------------------------------------------------------------


def _shorten_ids(document: dict[str, Any], documented: list[_Documented]) -> None:
    """Give short ids to the operations whose id nobody has chosen.

    Each takes the shortest one that is free, in the order of the routes: what is added
    behind them, by the router of another addon for example, leaves their ids alone.
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
    """Return whether FastAPI has made the id, and nobody has said how."""
    route = item.route
    return (
        not route.operation_id
        and isinstance(route.generate_unique_id_function, DefaultPlaceholder)
        # another one is from ``openapi_extra``
        and item.operation.get("operationId") == route.unique_id
    )


def _iter_ids(item: _Documented) -> Iterator[str]:
    """Yield ids for an operation, the best one first; the last ones are numbered."""
    route, method, operation = item
    name = _to_identifier(route.name)
    if name and len(route.methods) > 1:
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
    """Return what generators for any language still tell apart of an id."""
    return re.sub(r"[\W_]", "", operation_id).lower()


def _iter_operations(paths: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield all operations below path items, with those of callbacks."""
    for item in paths.values():
        for method, operation in item.items():
            if method in METHODS:
                yield operation
                for callback in operation.get("callbacks", {}).values():
                    yield from _iter_operations(callback)


# ----------------------------------------------------------------------
# Headers of all operations
# ----------------------------------------------------------------------


def _describe_headers_once(
    document: dict[str, Any], documented: list[_Documented]
) -> None:
    """Move headers that the app has for documentation alone out of the operations.

    Such a header is described in ``info``, and below ``components/parameters`` without
    a reference to it. A reference from the operation or its path is what generators
    make an argument of.
    """
    moved: dict[str, Any] = {}
    for item in documented:
        operation = item.operation
        params = list(_iter_params(item.route.dependant))
        names = {
            param.alias
            for dependant, param in params
            if _only_documents(dependant)
            and sum(other.alias == param.alias for _other, other in params) == 1
        }
        kept = []
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "header" and parameter["name"] in names:
                moved[parameter["name"]] = parameter
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
    """Yield all that a route reads of a request but its body, and what reads it."""
    for param in (
        *dependant.path_params,
        *dependant.query_params,
        *dependant.header_params,
        *dependant.cookie_params,
    ):
        yield dependant, param
    for dependency in dependant.dependencies:
        yield from _iter_params(dependency)


def _only_documents(dependant: Dependant) -> bool:
    return dependant.name is None and getattr(dependant.call, "documents_only", False)


# ----------------------------------------------------------------------
# Who may call
# ----------------------------------------------------------------------


def _add_requirements(documented: list[_Documented]) -> None:
    """Say which groups a route is for, and where credentials are optional.

    ``x-odoo-groups`` is a list of requirements, each a list of the groups (XML ids) of
    which one is enough.
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


def _iter_groups(dependant: Dependant) -> Iterator[tuple[str, ...]]:
    """Yield the groups of each ``require_group`` (``auth.requirements``)."""
    groups = getattr(dependant.call, "required_groups", None)
    if groups:
        yield groups
    for dependency in dependant.dependencies:
        yield from _iter_groups(dependency)


def _iter_optional_auth(dependant: Dependant, optional: bool = False) -> Iterator[bool]:
    """Yield for each security scheme whether a request can do without a credential.

    Only the ways of the endpoint say so (``auth.ways``). Dependencies of an app don't
    show what they do without a credential.
    """
    optional = optional or getattr(dependant.call, "optional_auth", False)
    if isinstance(dependant.call, SecurityBase):
        yield optional
    for dependency in dependant.dependencies:
        yield from _iter_optional_auth(dependency, optional)


# ----------------------------------------------------------------------
# Errors
# ----------------------------------------------------------------------


def _add_errors(document: dict[str, Any], documented: list[_Documented]) -> None:
    """Refer to the errors from the operations that may answer with them.

    Where the ``responses`` of a route, router or app have the status, or a range that
    it is in, these count.
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
                responses[status] = {
                    "$ref": f"#/components/responses/{ERRORS[status][0]}"
                }
                used.add(status)
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
        if status in ("429", "503"):
            described[key]["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}


def _iter_statuses(document: dict[str, Any], item: _Documented) -> Iterator[str]:
    """Yield the errors that a client of an operation has to expect, but for the 422."""
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
    if item.route.param_convertors:
        yield "404"
    yield "500"
    yield "503"


def _takes_secrets(document: dict[str, Any], operation: dict[str, Any]) -> bool:
    """Return whether clients send a secret that can be guessed, so not a cookie."""
    schemes = document.get("components", {}).get("securitySchemes", {})
    return any(
        schemes.get(name, {}).get("in") != "cookie"
        for way in operation.get("security", document.get("security", ()))
        for name in way
    )


# ----------------------------------------------------------------------
# Schemas
# ----------------------------------------------------------------------


def _distinguish_titles(document: dict[str, Any]) -> None:
    """Have no two schemas with one title.

    FastAPI names models of the same name by their modules, and the two schemas of a
    model that is read otherwise than written ``Name-Input`` and ``Name-Output``. Their
    titles are the same, and ``openapi-python-client`` leaves all but one of them out.
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
    """Return the ends of keys, as long as they have to be to differ."""
    parts = [key.split("__") for key in keys]
    for size in range(1, max(map(len, parts))):
        ends = ["_".join(part[-size:]) for part in parts]
        if len(set(map(_normalize, ends))) == len(ends):
            return ends
    return keys
