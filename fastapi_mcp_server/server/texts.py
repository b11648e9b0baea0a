# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Errors and hints for agents, from the responses of routes."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from starlette.datastructures import Headers

from odoo.addons.fastapi.bridge import InnerRequest

from ..tools import RouteCall

__all__ = [
    "cut_text",
    "describe_empty",
    "describe_error",
    "get_charset",
    "get_media_type",
    "hint_at_less",
    "is_text",
]

#: Media types of texts, besides ``text/…``.
_TEXTS = ("json", "xml", "yaml", "javascript", "x-www-form-urlencoded", "jsonl", "sql")
#: Most validation errors that are listed.
_MAX_ERRORS = 20
#: Most characters of an error.
_MAX_ERROR = 4000
#: Parameters that make a result shorter, the best ones first.
_PAGING = (
    "limit",
    "page_size",
    "size",
    "per_page",
    "fields",
    "offset",
    "cursor",
    "page",
)
#: Most parameters that a hint names.
_MAX_NAMES = 12


def get_media_type(inner: InnerRequest) -> str:
    """Return the media type of a response, in lower case; empty without one."""
    content_type = Headers(raw=inner.headers).get("content-type", "")
    return content_type.partition(";")[0].strip().lower()


def is_text(media_type: str) -> bool:
    """Return whether content of a media type is a text, not a file."""
    subtype = media_type.rpartition("/")[2].rpartition("+")[2]
    return media_type.startswith("text/") or subtype in _TEXTS or "json" in subtype


def get_charset(inner: InnerRequest) -> str:
    """Return the charset of a response, ``utf-8`` by default."""
    content_type = Headers(raw=inner.headers).get("content-type", "")
    for item in content_type.split(";")[1:]:
        name, _separator, value = item.partition("=")
        if name.strip().lower() == "charset":
            try:
                "".encode(charset := value.strip().strip('"'))
            except LookupError:
                break
            return charset
    return "utf-8"


def describe_error(inner: InnerRequest, call: RouteCall | None = None) -> str:
    """Return an error message that an agent can act on.

    :param inner: with a response of status 400 or above
    :param call: names the arguments
    """
    detail = _get_detail(inner)
    if isinstance(detail, list):
        errors = [_describe_invalid(item, call) for item in detail[:_MAX_ERRORS]]
        if len(detail) > len(errors):
            errors.append(f"{len(detail) - len(errors)} more errors.")
        text = "\n".join(errors)
    else:
        text = detail if isinstance(detail, str) else _dump(detail)
    wait = Headers(raw=inner.headers).get("retry-after", "")
    if wait.isdecimal() and f" {wait} second" not in text:
        text = f"{text} Try again in {wait} seconds."
    return text if len(text) <= _MAX_ERROR else f"{text[:_MAX_ERROR]}…"


def describe_empty(inner: InnerRequest) -> str:
    """Return a text for a response without content, of a status below 400."""
    done = "Done." if inner.status < 300 else f"A redirect, with status {inner.status}."
    for name, value in inner.headers:
        if name.lower() == b"location":
            return f"{done} Location: {value.decode('latin-1')}"
    return done


def _get_detail(inner: InnerRequest) -> Any:
    """Return ``detail`` of an error response, or else its content."""
    try:
        data = json.loads(inner.content)
    except (ValueError, RecursionError):
        data = None
    if isinstance(data, dict) and data.get("detail"):
        return data["detail"]
    if data:
        return data
    if get_media_type(inner) == "text/plain" and inner.content:
        return inner.content.decode(get_charset(inner), errors="replace")
    try:
        return HTTPStatus(inner.status).phrase
    except ValueError:
        return f"Error {inner.status}"


def _describe_invalid(error: Any, call: RouteCall | None) -> str:
    """Return one of FastAPI's validation errors, with the name of the argument."""
    if not isinstance(error, dict) or "msg" not in error:
        return error if isinstance(error, str) else _dump(error)
    # the app may have an error handler with another format
    name = location = error.get("loc")
    if isinstance(location, list):
        name = call.name_argument(location) if call and location else ""
    has_name = isinstance(name, str) and name
    return f"{name}: {error['msg']}" if has_name else str(error["msg"])


def _dump(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, default=str)


def hint_at_less(call: RouteCall) -> str:
    """Return a sentence that says how to get a shorter result."""
    names = [
        item["name"]
        for item in call.operation.get("parameters", ())
        if isinstance(item, dict) and item.get("in") == "query" and "name" in item
    ]
    names.sort(
        key=lambda name: _PAGING.index(name) if name in _PAGING else len(_PAGING)
    )
    if not names:
        return "Narrow the request."
    arguments = (call.name_argument(["query", name]) for name in names[:_MAX_NAMES])
    shown = ", ".join(f"`{name}`" for name in arguments)
    return f"Ask for less, with these arguments: {shown}."


def cut_text(text: str, size: int) -> str:
    """Return the start of a text.

    :param size: most bytes in UTF-8
    """
    encoded = text.encode("utf-8", "replace")
    return text if len(encoded) <= size else encoded[:size].decode(errors="ignore")
