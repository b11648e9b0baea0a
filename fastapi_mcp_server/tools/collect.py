# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Finds the tools, resources and prompts of an app.

The OpenAPI document of the app describes them, so only routes in the document can be
one. Mounted apps have documents of their own, and are left out.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from fastapi import FastAPI

from odoo.addons.fastapi.app.openapi import METHODS

from .inputs import KEY_HEADER, LONGEST_NAME, NAME, Refusal, make_arguments
from .kinds import Prompt, PromptArgument, Resource, RouteCall, Tool
from .marked import WEBSOCKET, WITHOUT_CONTENT, MarkedRoute, iter_marked_routes
from .marks import Mark, PromptMark, ResourceMark, ToolMark
from .outputs import get_media_type, make_output_schema, streams
from .schemas import Schemas

__all__ = ["ToolSet", "collect_tools"]

_logger = logging.getLogger(__name__)

T = TypeVar("T", bound=RouteCall)

#: Methods that may overwrite or delete, and those that can be repeated.
_DESTRUCTIVE = frozenset({"DELETE", "PATCH", "PUT"})
_IDEMPOTENT = frozenset({"DELETE", "PUT"})


@dataclass(frozen=True)
class ToolSet:
    """The tools, resources and prompts of an app.

    :param tools: by name, in the order of the app
    :param resources: by URI or URI template
    :param prompts: by name
    :param refused: marked routes that can't be what the mark says, each with the
        reason, a sentence. Routes that write are left out if only their router, their
        app or a tag marks them
    """

    tools: dict[str, Tool] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    prompts: dict[str, Prompt] = field(default_factory=dict)
    refused: list[tuple[str, str]] = field(default_factory=list)

    @property
    def calls(self) -> tuple[RouteCall, ...]:
        """The tools, the resources and the prompts."""
        return (
            *self.tools.values(),
            *self.resources.values(),
            *self.prompts.values(),
        )

    def find_resource(self, uri: str) -> tuple[Resource, dict[str, str]] | None:
        """Return the resource with a URI, and the arguments in the URI."""
        exact = self.resources.get(uri)
        for resource in [exact] if exact else self.resources.values():
            arguments = resource.match(uri)
            if arguments is not None:
                return resource, arguments
        return None


def collect_tools(app: FastAPI, root_path: str = "") -> ToolSet:
    """Return the current tools, resources and prompts of an app.

    :param root_path: of the endpoint, for the URIs of resources
    """
    return _Collector(app, root_path).collect()


class _Collector:
    """Collects the tools of an app."""

    def __init__(self, app: FastAPI, root_path: str) -> None:
        self._app = app
        self._root_path = root_path
        self._result = ToolSet()

    def collect(self) -> ToolSet:
        try:
            # first: this prepares the routes of the app
            document = self._app.openapi()
        except Exception as exc:  # any model of any route may raise it
            _logger.exception("The app has no OpenAPI document, so it has no tools.")
            for item in iter_marked_routes(self._app):
                self._refuse(item.label, f"The app has no OpenAPI document: {exc}")
            return self._result
        self._document, self._schemas = document, Schemas(document)
        for item in iter_marked_routes(self._app):
            for mark in item.marks.values():
                try:
                    self._add(item, mark)
                except Refusal as exc:
                    self._refuse(item.label, str(exc))
                except Exception as exc:  # a schema may be written by hand
                    _logger.exception("%s can't be described to agents.", item.label)
                    self._refuse(item.label, f"It can't be described: {exc!r}")
        return self._result

    def _refuse(self, label: str, reason: str) -> None:
        if (label, reason) not in self._result.refused:
            self._result.refused.append((label, reason))

    def _add(self, item: MarkedRoute, mark: Mark) -> None:
        if item.method == WEBSOCKET:
            raise Refusal("It is a WebSocket.")
        if isinstance(mark, ToolMark):
            self._add_tool(item, mark)
        elif item.method != "GET":
            raise Refusal("Only a GET route can be a resource or a prompt.")
        elif isinstance(mark, ResourceMark):
            self._add_resource(item, mark)
        elif isinstance(mark, PromptMark):
            self._add_prompt(item, mark)

    def _add_tool(self, item: MarkedRoute, mark: ToolMark) -> None:
        read_only = item.method == "GET" or bool(mark.read_only)
        if not read_only and mark.read_only is None:
            if not item.is_own_tool:
                return  # a router's mark is for routes that read
            raise Refusal(
                f"{item.method} may change data. If agents may do that, mark the route "
                "with mcp_tool(read_only=False)."
            )
        common = self._describe(item, mark)
        arguments, schema = make_arguments(
            common["operation"], item.path, self._schemas
        )
        output, wraps = make_output_schema(
            common["operation"], item.route, self._schemas
        )
        tool = Tool(
            **common,
            arguments=arguments,
            input_schema=schema,
            output_schema=output,
            wraps_output=wraps,
            read_only=read_only,
            destructive=not read_only
            and _choose(mark.destructive, item.method in _DESTRUCTIVE),
            idempotent=read_only
            or _choose(mark.idempotent, item.method in _IDEMPOTENT),
        )
        _put(self._result.tools, tool.name, tool)

    def _add_resource(self, item: MarkedRoute, mark: ResourceMark) -> None:
        common = self._describe(item, mark)
        operation = common["operation"]
        arguments, schema = make_arguments(operation, item.path, self._schemas)
        uri = mark.uri or self._make_uri(item)
        parts = re.split(r"{\+?(\w+)}", uri)
        names = tuple(parts[1::2])
        in_path = re.findall(r"{(\w+)}", item.path.template)
        if sorted(names) != sorted(in_path):
            raise Refusal(f"Its URI must have the parameters of its path: {uri}")
        if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", uri):
            raise Refusal(f"Its URI has no scheme: {uri}")
        others = sorted({*schema.get("required", ())} - {*names})
        if others:
            raise Refusal(f"Its URI lacks required parameters: {', '.join(others)}.")
        texts = [re.escape(text) for text in parts]
        texts[1::2] = [
            "(.+)" if f"{{+{name}}}" in uri else "([^/?#]+)" for name in names
        ]
        resource = Resource(
            **common,
            arguments=arguments,
            uri=uri,
            uri_regex=re.compile("".join(texts)),
            parameters=names,
            mime_type=mark.mime_type or get_media_type(operation, self._schemas),
        )
        _put(self._result.resources, uri, resource)

    def _make_uri(self, item: MarkedRoute) -> str:
        """Return the default URI. A parameter with slashes has a plus (RFC 6570)."""
        path = item.path.template
        for name, regex in item.path.values.items():
            if regex == ".*":
                path = path.replace(f"{{{name}}}", f"{{+{name}}}")
        return f"odoo:/{self._root_path}{path}"

    def _add_prompt(self, item: MarkedRoute, mark: PromptMark) -> None:
        common = self._describe(item, mark)
        arguments, schema = make_arguments(
            common["operation"], item.path, self._schemas
        )
        prompt = Prompt(
            **common,
            arguments=arguments,
            prompt_arguments=tuple(
                PromptArgument(
                    name,
                    value.get("description"),
                    required=name in schema.get("required", ()),
                )
                for name, value in schema["properties"].items()
            ),
        )
        _put(self._result.prompts, prompt.name, prompt)

    def _describe(self, item: MarkedRoute, mark: Mark) -> dict[str, Any]:
        """Return the attributes of ``RouteCall``."""
        if item.method in WITHOUT_CONTENT:
            raise Refusal(f"A response to {item.method} has no content.")
        operation = self._get_operation(item)
        name = mark.name or _to_name(operation.get("operationId", ""))
        if not NAME.fullmatch(name):
            raise Refusal(
                f"Its name must have 1 to {LONGEST_NAME} characters, only A-Z, a-z, "
                f"0-9, _ and -: {name!r}"
            )
        description = operation.get("description") or operation.get("summary") or name
        if operation.get("deprecated"):
            description += "\n\nDeprecated: use another one if you can."
        return {
            "name": name,
            "title": mark.title or operation.get("summary"),
            "description": description,
            "method": item.method,
            "path": item.path.template,
            "route": item.route,
            "operation": operation,
            "streams": streams(operation, item.route, self._schemas),
            "takes_key": any(
                parameter.get("in") == "header"
                and parameter["name"].lower() == KEY_HEADER
                for parameter in map(
                    self._schemas.resolve, operation.get("parameters", ())
                )
            ),
        }

    def _get_operation(self, item: MarkedRoute) -> Mapping[str, Any]:
        if not item.route.include_in_schema:
            raise Refusal("It is not in the OpenAPI document (include_in_schema).")
        # of several, FastAPI documents the last one, but calls the first one
        if not item.is_only:
            raise Refusal("Another route has the same method and path.")
        path = item.path.template
        if "{" not in path and any(shadow.match(path) for shadow in item.path.shadows):
            raise Refusal("A route that comes before it is called instead.")
        path_item = self._document.get("paths", {}).get(item.path.template, {})
        operation = path_item.get(item.method.lower())
        if not operation or item.method.lower() not in METHODS:
            raise Refusal("It is not in the OpenAPI document.")
        shared = path_item.get("parameters", ())
        if shared:
            operation = {
                **operation,
                "parameters": [*shared, *operation.get("parameters", ())],
            }
        return operation


def _to_name(operation_id: str) -> str:
    """Return the name of a tool for an operation id.

    A long id is cut, and ends with a hash of the whole id.
    """
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", operation_id).strip("_")
    if len(name) > LONGEST_NAME:
        end = hashlib.sha256(operation_id.encode()).hexdigest()[:8]
        name = f"{name[: LONGEST_NAME - 9]}_{end}"
    return name


def _choose(told: bool | None, default: bool) -> bool:
    return default if told is None else told


def _put(items: dict[str, T], key: str, item: T) -> None:
    """Add an item under a key.

    :raises Refusal: another item has the key
    """
    other = items.setdefault(key, item)
    if other is not item:
        raise Refusal(f"{other.method} {other.path} is already called {key}.")
