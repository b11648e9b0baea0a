# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the backend shows of an app, read from its OpenAPI document.

Pure Python. The document is what FastAPI makes of the app: routes that it leaves out
(``include_in_schema=False``) and mounted apps, which have documents of their own, are
left out here too.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

__all__ = [
    "DEFAULT_TAG",
    "Operation",
    "curl_command",
    "first_simple_get",
    "iter_operations",
    "quote_path",
]

#: Keys of a path item that are operations (OpenAPI 3.1, "Path Item Object").
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
#: Where Swagger UI puts an operation without tags.
DEFAULT_TAG = "default"
#: Key of an operation: the groups that it is for (``openapi_document``).
GROUPS_KEY = "x-odoo-groups"
#: Beginning of what the description says of them, after the docstring.
GROUPS_SENTENCE = "Only for members of "
#: What ``encodeURIComponent`` of JavaScript leaves as it is, besides letters, digits
#: and ``_.-~``.
_UNRESERVED = "!*'()"


@dataclass(frozen=True)
class Operation:
    """One method of one path.

    :param method: in capitals
    :param path: below the app, its parameters in braces
    :param summary: first line of the description where the developer gave no summary
    :param security: what a client has to present, one of these: names of security
        schemes with scopes
    :param parameters: of the path, the query, headers and cookies
    :param required_groups: requirements, each of them XML ids of groups of which the
        caller needs one
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

    @property
    def authenticated(self) -> bool:
        """Whether a client has to say who it is."""
        return bool(self.security) and all(self.security)

    @property
    def needs_input(self) -> bool:
        """Whether a client has to send anything, credentials aside."""
        return "{" in self.path or any(
            parameter.get("required") for parameter in self.parameters
        )

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes that a credential has to allow."""
        return frozenset(
            scope
            for schemes in self.security
            for scopes in schemes.values()
            for scope in scopes
        )

    @property
    def docs_fragment(self) -> str:
        """The place in Swagger UI, as the fragment of a URL (its "deep linking")."""
        names = [self.tags[0] if self.tags else DEFAULT_TAG, self.operation_id]
        return "".join(f"/{quote(name, _UNRESERVED)}" for name in names if name)


def quote_path(path: str) -> str:
    """Return a path as a URL has it (RFC 3986, ``pchar``)."""
    return quote(path, "/:@!$&'()*+,;=~")


def iter_operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    """Yield the operations of an OpenAPI document, in its order.

    :param document: as ``FastAPI.openapi()`` returns it
    """
    for path, item in document.get("paths", {}).items():
        for method, operation in item.items():
            if method not in METHODS:
                continue
            yield Operation(
                method=method.upper(),
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
            )


def _summary_of(operation: Mapping[str, Any]) -> str:
    """Return the summary of an operation, or the first line of its docstring.

    FastAPI makes a summary of the name of the function where none is given
    (``fastapi.openapi.utils.generate_operation_summary``). The operation's id contains
    that name, and tells it from a given one.
    """
    summary = operation.get("summary", "")
    description = operation.get("description", "").strip()
    if GROUPS_KEY in operation and description.startswith(GROUPS_SENTENCE):
        return summary  # there is no docstring
    made_of = summary.lower().replace(" ", "_")
    if description and made_of in operation.get("operationId", "").lower():
        return description.partition("\n")[0].rstrip()
    return summary


def first_simple_get(
    document: Mapping[str, Any],
    is_wanted: Callable[[Operation], bool] = lambda _operation: True,
) -> Operation | None:
    """Return the first operation that reads, and asks for nothing but credentials.

    :param is_wanted: whether an operation may be chosen
    """
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

    Words in capitals stand for credentials, unless ``header`` gives them. Of several
    ways to authenticate, the command uses the first one without a cookie.

    :param document: where the operation is from
    :param operation: without required parameters
    :param url: where the app is mounted, without a slash at its end
    :param header: name and value of the header that holds the credentials
    """
    arguments = []
    query = {}
    schemes = document.get("components", {}).get("securitySchemes", {})
    if header is not None:
        arguments += ["--header", header]
        names = ()
    else:
        names = _choose_way(operation, schemes)
    for name in names:
        scheme = schemes.get(name, {})
        match scheme.get("type"), scheme.get("in"):
            case "http", _ if scheme.get("scheme", "").lower() == "basic":
                arguments += ["--user", "LOGIN:PASSWORD"]
            case (("http" | "oauth2" | "openIdConnect"), _):
                # keys of the endpoint are sent like tokens
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
    """Return the names of the security schemes that a command line can use best."""
    if not operation.authenticated:
        return ()

    def needs_cookie(names: Iterable[str]) -> bool:
        return any(schemes.get(name, {}).get("in") == "cookie" for name in names)

    return min(operation.security, key=needs_cookie)
