# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A command line that repeats a logged call."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from .secret_names import REMOVED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["curl_command", "parse_headers"]

#: Headers that curl sets itself, that proxies add, or that would be wrong next time.
_LEFT_OUT = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "forwarded",
        "host",
        "transfer-encoding",
        "user-agent",
        "via",
        "x-real-ip",
        "x-request-id",
    }
)
_CREDENTIALS = frozenset({"authorization", "cookie"})
#: Ends a body that was cut, or is all that is stored of a file.
_INCOMPLETE = re.compile(r"(?:… \[\d+ of \d+ B\]|^\[[^\[\]\n]*, \d+ B\])$")
#: Characters that a terminal may take for commands when a user pastes them. Ends of
#: lines are harmless without the others.
_CONTROL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def parse_headers(text: str) -> list[tuple[str, str]]:
    """Return names and values of stored headers, which have a line each."""
    pairs = (line.partition(":") for line in text.splitlines())
    return [(name.strip(), value.strip()) for name, _colon, value in pairs]


def curl_command(
    method: str,
    url: str,
    headers: Iterable[tuple[str, str]] = (),
    body: str | None = None,
    credentials: Sequence[str] = (),
) -> str:
    """Return a command line, quoted for a POSIX shell.

    Words in capitals stand for what is not stored.

    :param headers: of the logged request; those of its connection are left out, those
        with credentials if ``credentials`` replace them
    :param body: None if there was none, empty if it is not stored
    :param credentials: arguments of curl
    """
    arguments = ["curl"]
    if method == "HEAD":
        arguments.append("--head")
    elif method != ("GET" if body is None else "POST"):
        arguments += ["--request", method]
    arguments += credentials
    has_type = False
    for name, value in headers:
        lowered = name.lower()
        if lowered in _LEFT_OUT or lowered.startswith("x-forwarded-"):
            continue
        if credentials and (lowered in _CREDENTIALS or f"{name}: KEY" in credentials):
            continue
        if lowered == "content-type":
            has_type = True
            if value.startswith("multipart/"):
                body = ""
        if value == REMOVED:
            value = "VALUE"
        # curl leaves out "Name:", and sends a header without a value for "Name;"
        arguments += ["--header", f"{name}: {value}" if value else f"{name};"]
    if body is not None:
        if not has_type:  # curl would say that it is a form
            arguments += ["--header", "Content-Type:"]
        if not body or _INCOMPLETE.search(body):
            body = "BODY"
        # "raw": a body that starts with @ is not the name of a file
        arguments += ["--data-raw", body]
    if set(url) & set("[]{}"):  # they are no patterns
        arguments.append("--globoff")
    return " ".join(map(_quote, [*arguments, url]))


def _quote(argument: str) -> str:
    """Return an argument with quotes, and control characters as escapes.

    These need ``$'…'``, which some shells don't know.
    """
    if not _CONTROL.search(argument):
        return shlex.quote(argument)
    text = argument.replace("\\", r"\\").replace("'", r"\'")
    return "$'%s'" % _CONTROL.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    return "".join(rf"\x{byte:02x}" for byte in match[0].encode())
