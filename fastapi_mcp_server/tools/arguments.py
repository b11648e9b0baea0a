# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Makes an HTTP request of the arguments of an agent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote, urlencode

from .values import (
    ArgumentError,
    Value,
    decode,
    dump,
    encode_header,
    list_names,
    to_field,
    to_texts,
)

__all__ = ["FORM", "Arguments", "Body", "Parameter", "Path", "ToolRequest"]

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class ToolRequest:
    """The HTTP request for a call.

    :param path: path without the root path, decoded as in the ASGI scope
    :param headers: names in lower case. They replace those of the client's request,
        except ``cookie``, which is added to the client's
    """

    method: str
    path: str
    query_string: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes


@dataclass(frozen=True)
class Parameter(Value):
    """A parameter of a route.

    :param name: name in the request
    :param place: ``path``, ``query``, ``header`` or ``cookie``
    """

    name: str = ""
    place: str = "query"


@dataclass(frozen=True)
class Body:
    """The body of a request.

    :param argument: name of the argument that is the body; None if the properties of
        the body are arguments
    :param properties: the properties of the body, by name
    :param has_extras: whether the body accepts other properties
    """

    media_type: str
    value: Value
    argument: str | None
    properties: Mapping[str, Value]
    has_extras: bool = False

    @property
    def is_form(self) -> bool:
        """Whether the body is a form, whose fields are strings."""
        return self.media_type == FORM


@dataclass(frozen=True)
class Path:
    """The path of a route.

    :param template: path with parameters in braces
    :param regex: regular expression of the route
    :param values: regular expressions of the parameters
    :param shadows: regular expressions of the routes that come before the route
    """

    template: str
    regex: re.Pattern[str]
    values: Mapping[str, str]
    shadows: Sequence[re.Pattern[str]] = ()


class Arguments:
    """The arguments of a route.

    :param parameters: by the name of the argument
    """

    def __init__(
        self, path: Path, parameters: Mapping[str, Parameter], body: Body | None
    ) -> None:
        self._path = path
        self._parameters = parameters
        self._body = body
        self._known: dict[str, Value] = dict(parameters)
        if body is not None and body.argument is not None:
            self._known[body.argument] = body.value
        elif body is not None:
            self._known |= body.properties

    def make_request(self, method: str, arguments: Mapping[str, Any]) -> ToolRequest:
        """Return the HTTP request for a call.

        :raises ArgumentError: with a message for the agent
        """
        self._check_names(arguments)
        given = {}
        for name, value in arguments.items():
            known = self._known.get(name)
            if known is not None:
                value = decode(value, known)
            if value is not None or self._takes_null(name, known):
                given[name] = value
        self._check_required(given)
        values = {name: given[name] for name in self._parameters if name in given}
        path = self._make_path(values)
        headers = list(self._iter_headers(values))
        content_type, body = self._make_body(given)
        if content_type:
            headers.append((b"content-type", content_type.encode()))
        return ToolRequest(
            method=method,
            path=path,
            query_string=urlencode(
                list(self._iter_texts(values, "query")), quote_via=quote
            ).encode(),
            headers=headers,
            body=body,
        )

    def name_argument(self, location: Sequence[str | int]) -> str:
        """Return what an agent calls a value, such as ``lines[0].quantity``."""
        place, *inner = location or ["body"]
        if place == "body":
            if self._body is not None and self._body.argument is not None:
                inner = [self._body.argument, *inner]
        elif inner:
            for argument, parameter in self._parameters.items():
                if (parameter.place, parameter.name.lower()) == (
                    place,
                    str(inner[0]).lower(),
                ):
                    inner[0] = argument
                    break
        text = "".join(
            f"[{part}]" if isinstance(part, int) else f".{part}" for part in inner
        )
        return text.removeprefix(".")

    def _takes_null(self, name: str, known: Value | None) -> bool:
        """Return whether a null is a value, rather than a missing one."""
        if known is None:
            return True
        if name in self._parameters or self._body is None or self._body.is_form:
            return False
        if name == self._body.argument:
            return False
        # if it is required, the app validates it
        return known.required or "null" in known.types

    def _check_names(self, arguments: Mapping[str, Any]) -> None:
        if self._body is not None and self._body.has_extras:
            return
        unknown = [name for name in arguments if name not in self._known]
        if unknown:
            raise ArgumentError(
                f"There is no argument {list_names(unknown)}. "
                + (
                    f"The arguments are {list_names(self._known)}."
                    if self._known
                    else "Call this without arguments."
                )
            )

    def _check_required(self, given: Mapping[str, Any]) -> None:
        missing = [
            name
            for name, known in self._known.items()
            if known.required and name not in given
        ]
        if missing:
            raise ArgumentError(f"An argument is missing: {list_names(missing)}.")

    def _make_path(self, values: Mapping[str, Any]) -> str:
        """Return the path.

        :raises ArgumentError: a value can't be in a path, or the values would lead to
            another route, which may not be a tool
        """
        texts: dict[str, str] = {}
        argument_of: dict[str, str] = {}
        for name, parameter in self._parameters.items():
            if parameter.place == "path":
                found = to_texts(name, values[name], parameter)
                if len(found) != 1:
                    raise ArgumentError(f"{name} takes one value, not a list.")
                texts[parameter.name] = found[0]
                argument_of[parameter.name] = name
        for name, text in texts.items():
            regex = self._path.values.get(name, "")
            if not re.fullmatch(regex, text):
                raise ArgumentError(
                    f"`{argument_of[name]}` is a part of the path, and must match the "
                    f"regular expression {regex}"
                )
        path = re.sub(r"{(\w+)}", lambda match: texts[match[1]], self._path.template)
        match = self._path.regex.fullmatch(path)
        if match is None or match.groupdict() != texts:
            raise ArgumentError(
                f"{list_names(argument_of.values())} can't have these values together."
            )
        if any(shadow.match(path) for shadow in self._path.shadows):
            raise ArgumentError(
                f"{list_names(argument_of.values())} can't have this value: it would "
                "call something else."
            )
        return path

    def _iter_headers(self, values: Mapping[str, Any]) -> Iterator[tuple[bytes, bytes]]:
        for name, text in self._iter_texts(values, "header"):
            yield name.lower().encode(), encode_header(name, text)
        encode = SimpleCookie().value_encode
        cookies = [
            f"{name}={encode(text)[1]}"
            for name, text in self._iter_texts(values, "cookie")
        ]
        if cookies:
            yield b"cookie", encode_header("cookie", "; ".join(cookies))

    def _iter_texts(
        self, values: Mapping[str, Any], place: str
    ) -> Iterator[tuple[str, str]]:
        """Yield name and string of each parameter at a place; several for a list."""
        for argument, value in values.items():
            parameter = self._parameters[argument]
            if parameter.place == place:
                for text in to_texts(argument, value, parameter):
                    yield parameter.name, text

    def _make_body(self, given: Mapping[str, Any]) -> tuple[str | None, bytes]:
        """Return content type and content of the body, None and empty without one."""
        body = self._body
        if body is None:
            return None, b""
        if body.argument is None:
            content: Any = {
                name: value
                for name, value in given.items()
                if name not in self._parameters
            }
        elif body.argument in given:
            content = given[body.argument]
        else:
            return None, b""
        if not body.is_form:
            return body.media_type, dump(body.argument or "The body", content).encode()
        if not isinstance(content, dict):
            raise ArgumentError(f"{body.argument} must be an object.")
        pairs = [
            (name, text)
            for name, value in content.items()
            for text in to_field(name, value, body.properties.get(name))
        ]
        return body.media_type, urlencode(pairs).encode()
