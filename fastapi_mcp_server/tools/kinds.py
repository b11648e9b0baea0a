# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``Tool``, ``Resource`` and ``Prompt``: routes that agents can call."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from .arguments import Arguments, ToolRequest

__all__ = ["Prompt", "PromptArgument", "Resource", "RouteCall", "Tool"]


@dataclass(frozen=True)
class RouteCall:
    """One method of a route that agents can call.

    :param title: name for people
    :param description: text for agents
    :param method: HTTP method, in capitals
    :param path: path template without the root path
    :param route: FastAPI's object for the route at its place in the app
    :param operation: operation of the route in the OpenAPI document of the app
    :param arguments: makes a request of the arguments of a call
    :param streams: whether the response is a stream, which may have no end
    :param takes_key: whether the route accepts an ``Idempotency-Key``, as the argument
        ``idempotency_key``
    """

    name: str
    title: str | None
    description: str
    method: str
    path: str
    route: Any
    operation: Mapping[str, Any]
    arguments: Arguments
    streams: bool
    takes_key: bool

    def make_request(self, arguments: Mapping[str, Any]) -> ToolRequest:
        """Return the HTTP request for a call.

        :raises ArgumentError: with a message for the agent
        """
        return self.arguments.make_request(self.method, arguments)

    def name_argument(self, location: Sequence[str | int]) -> str:
        """Return what an agent calls a value, such as ``lines[0].quantity``.

        :param location: ``loc`` of one of FastAPI's errors: ``["body", "lines", 0, …]``
        """
        return self.arguments.name_argument(location)


@dataclass(frozen=True)
class Tool(RouteCall):
    """A route that agents call as a tool.

    :param input_schema: JSON schema of the arguments, an object
    :param output_schema: JSON schema of the structured content, an object; None if the
        response is not JSON, or not always of the same schema
    :param wraps_output: whether the structured content is an object with the body of
        the response as ``result``, because the body is not an object
    """

    input_schema: dict[str, Any]
    output_schema: dict[str, Any] | None
    wraps_output: bool
    read_only: bool
    destructive: bool
    idempotent: bool


@dataclass(frozen=True)
class Resource(RouteCall):
    """A route that agents read as a resource.

    :param uri: URI, or a URI template with the path parameters in braces
    :param uri_regex: regular expression with a group for each of the ``parameters``
    :param parameters: names of the arguments in the URI
    """

    uri: str
    uri_regex: re.Pattern[str]
    parameters: tuple[str, ...]
    mime_type: str | None

    @property
    def is_template(self) -> bool:
        """Whether the URI has parameters."""
        return bool(self.parameters)

    def match(self, uri: str) -> dict[str, str] | None:
        """Return the arguments in a URI, None if it is not one of this resource."""
        match = self.uri_regex.fullmatch(uri)
        if match is None:
            return None
        values = map(unquote, match.groups())
        return dict(zip(self.parameters, values, strict=True))


@dataclass(frozen=True)
class PromptArgument:
    """An argument of a prompt. Its value is a string."""

    name: str
    description: str | None
    required: bool


@dataclass(frozen=True)
class Prompt(RouteCall):
    """A route that clients offer to their users as a prompt."""

    prompt_arguments: tuple[PromptArgument, ...]
