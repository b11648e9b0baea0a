# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Reads the operations of an app from its OpenAPI document, for the backend.

Routes that are not in the document (``include_in_schema=False``) are left out. So are
mounted apps, which have their own documents. ``openapi_websockets`` adds the WebSocket
routes that FastAPI does not document.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

__all__ = [
    "DEFAULT_TAG",
    "GROUPS_KEY",
    "GROUPS_SENTENCE",
    "METHODS",
    "STREAMED",
    "WEBSOCKET",
    "WEBSOCKET_SENTENCE",
    "Operation",
    "curl_command",
    "first_simple_get",
    "iter_operations",
    "quote_path",
]

#: Keys of a path item that have operations (OpenAPI 3.1, "Path Item Object").
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
#: Shown as the method of WebSockets.
WEBSOCKET = "WS"
#: Content types of streams: server-sent events, and lines of JSON.
STREAMED = frozenset({"text/event-stream", "application/jsonl"})
#: Tag of operations without tags in Swagger UI.
DEFAULT_TAG = "default"
#: Key of an operation: the groups that may call it (``openapi_document``).
GROUPS_KEY = "x-odoo-groups"
#: Start of the sentence about groups in a description, which follows the docstring.
GROUPS_SENTENCE = "Only for members of "
#: Sentence in the description of a WebSocket, which follows the docstring.
WEBSOCKET_SENTENCE = "This is a WebSocket: connect with `ws://` or `wss://`."
#: Characters that JavaScript's ``encodeURIComponent`` keeps, in addition to letters,
#: digits and ``_.-~``.
_UNRESERVED = "!*'()"


@dataclass(frozen=True)
class Operation:
    """One method of one path.

    :param method: in capitals; ``WS`` for a WebSocket
    :param path: below the app, with parameters in braces
    :param summary: the summary, or the first line of the description
    :param security: alternatives, each with names of security schemes and scopes
    :param parameters: in the path, query, headers and cookies
    :param streams: whether the response is a stream, which may have no end
    :param required_groups: requirements, each with XML ids of groups; the caller needs
        one of them
    """

    method: str
    path: str
    summary: str
    tags: tuple[str, ...]
    operation_id: str
    deprecated: bool
    security: Sequence[Mapping[str, Sequence[str]]]
    parameters: Sequence[Mapping[str, Any]]
    required_groups: Sequence[Sequence[str]] = ()
    streams: bool = False

    @property
    def authenticated(self) -> bool:
        """Whether a client has to authenticate."""
        return bool(self.security) and all(self.security)

    @property
    def needs_input(self) -> bool:
        """Whether a client has to send anything but credentials."""
        return "{" in self.path or any(
            parameter.get("required") for parameter in self.parameters
        )

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes that a credential must have."""
        return frozenset(
            scope
            for schemes in self.security
            for scopes in schemes.values()
            for scope in scopes
        )

    @property
    def docs_fragment(self) -> str:
        """Fragment of the operation's URL in Swagger UI ("deep linking").

        It is empty if the operation has no id: then Swagger UI does not have it.
        """
        if not self.operation_id:
            return ""
        names = [self.tags[0] if self.tags else DEFAULT_TAG, self.operation_id]
        return "".join(f"/{quote(name, _UNRESERVED)}" for name in names)


def quote_path(path: str | bytes) -> str:
    """Quote a path for a URL (RFC 3986, ``pchar``)."""
    return quote(path, "/:@!$&'()*+,;=~")


def iter_operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    """Yield the operations of an OpenAPI document, in its order."""
    for path, item in document.get("paths", {}).items():
        for method, operation in item.items():
            if method not in METHODS:
                continue
            responses = operation.get("responses", {})
            yield Operation(
                # message routes (``openapi_messages``)
                method=WEBSOCKET if "101" in responses else method.upper(),
                path=path,
                summary=_summary_of(operation),
                tags=tuple(map(str, operation.get("tags", ()))),
                operation_id=operation.get("operationId", ""),
                deprecated=operation.get("deprecated", False),
                security=operation.get("security", document.get("security", ())),
                parameters=[
                    *item.get("parameters", ()),
                    *operation.get("parameters", ()),
                ],
                required_groups=operation.get(GROUPS_KEY, ()),
                streams=not STREAMED.isdisjoint(
                    responses.get("200", {}).get("content", ())
                ),
            )


def _summary_of(operation: Mapping[str, Any]) -> str:
    """Return the summary of an operation, or the first line of its docstring.

    The default summary comes from the name of the function
    (``fastapi.openapi.utils.generate_operation_summary``), which is part of the
    operation id.
    """
    summary = operation.get("summary", "")
    description = operation.get("description", "").strip()
    generated = [WEBSOCKET_SENTENCE]
    if GROUPS_KEY in operation:
        generated.append(GROUPS_SENTENCE)
    if description.startswith(tuple(generated)):
        return summary  # no docstring
    made_of = summary.lower().replace(" ", "_")
    if description and made_of in operation.get("operationId", "").lower():
        return description.partition("\n")[0].rstrip()
    return summary


def first_simple_get(
    document: Mapping[str, Any],
    is_wanted: Callable[[Operation], bool] = lambda _operation: True,
) -> Operation | None:
    """Return the first GET operation that needs no input but credentials."""
    for operation in iter_operations(document):
        if (
            operation.method == "GET"
            and not (operation.needs_input or operation.deprecated)
            and is_wanted(operation)
        ):
            return operation
    return None


def curl_command(
    document: Mapping[str, Any],
    operation: Operation,
    url: str,
    header: str | None = None,
) -> str:
    """Return a command line that calls an operation, quoted for a POSIX shell.

    Words in capitals are placeholders for credentials, unless ``header`` has them. The
    command uses the first way to authenticate, if possible one without a cookie.

    :param document: the OpenAPI document with the operation
    :param operation: an operation without required parameters
    :param url: URL of the app, without a trailing slash
    :param header: name and value of a header with credentials
    """
    # or curl would print nothing until its buffer is full
    arguments = ["--no-buffer"] if operation.streams else []
    query = {}
    schemes = document.get("components", {}).get("securitySchemes", {})
    if header is not None:
        arguments += ["--header", header]
        names: Iterable[str] = ()
    else:
        names = _choose_way(operation, schemes)
    for name in names:
        scheme = schemes.get(name, {})
        match scheme.get("type"), scheme.get("in"):
            case "http", _ if scheme.get("scheme", "").lower() == "basic":
                arguments += ["--user", "LOGIN:PASSWORD"]
            case (("http" | "oauth2" | "openIdConnect"), _):
                # keys of the endpoint are bearer tokens
                word = "KEY" if "key" in name.lower() else "TOKEN"
                arguments += ["--header", f"Authorization: Bearer {word}"]
            case "apiKey", "header":
                arguments += ["--header", f"{scheme['name']}: KEY"]
            case "apiKey", "cookie":
                arguments += ["--cookie", f"{scheme['name']}=KEY"]
            case "apiKey", "query":
                query[scheme["name"]] = "KEY"
    url += quote_path(operation.path)
    if query:
        url += f"?{urlencode(query)}"
    return shlex.join(["curl", *arguments, url])


def _choose_way(
    operation: Operation, schemes: Mapping[str, Mapping[str, Any]]
) -> Iterable[str]:
    """Return the security schemes for a command line."""
    if not operation.authenticated:
        return ()

    def needs_cookie(names: Iterable[str]) -> bool:
        return any(schemes.get(name, {}).get("in") == "cookie" for name in names)

    return min(operation.security, key=needs_cookie)
