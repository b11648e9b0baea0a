# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Makes a ``Call`` of what a request has left: texts, without secrets."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from odoo.addons.fastapi.app.openapi import quote_path

from .bodies import describe_body, storable
from .calls import Call
from .secret_names import REMOVED, Secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .capture import Capture

__all__ = ["make_call"]

#: Most characters of a path with its query.
MAX_PATH = 2000
#: Most characters of a header, and of all headers.
MAX_HEADER = 2000
MAX_HEADERS = 16_000
#: Largest size in bytes that PostgreSQL's integers hold.
MAX_SIZE = 2**31 - 1


def make_call(capture: Capture) -> Call:
    """Return what the log stores of a call that has ended."""
    environ = capture.environ
    call = Call(
        date=datetime.fromtimestamp(capture.start, timezone.utc).replace(tzinfo=None),
        endpoint_id=capture.settings.endpoint_id,
        method=storable(capture.method or environ["REQUEST_METHOD"]),
        path="",
        route=storable(capture.route),
        status=capture.final_status,
        duration=max(capture.seconds * 1000, 0.0),
        stored=capture.is_stored,
        user_id=capture.session_uid,
    )
    caller = capture.caller
    if caller is not None:
        call.user_id, call.partner_id = caller.user_id, caller.partner_id
        call.key_id = caller.key_id
    if call.stored:  # all else is only in its row
        _add_numbers(call, capture)
        _add_texts(call, capture)
    return call


def _add_numbers(call: Call, capture: Capture) -> None:
    call.queries = capture.queries
    call.sql_duration = capture.sql_seconds * 1000
    call.request_size = min(capture.request_size, MAX_SIZE)
    call.response_size = min(capture.response_size, MAX_SIZE)
    call.attempts = max(capture.attempts, 1)


def _add_texts(call: Call, capture: Capture) -> None:
    """Add texts of the row. The secrets of one are not in any other one, either."""
    environ = capture.environ
    secrets = Secrets(capture.settings.secrets)
    path = quote_path(environ.get("PATH_INFO", "").encode("latin-1"))
    path = _clean_path(path[:MAX_PATH], capture.path_params or {}, secrets)
    query = environ.get("QUERY_STRING", "")[:MAX_PATH]
    if query:
        path = f"{path}?{secrets.clean_query(query)}"
    response = capture.response_headers or []
    texts: dict[str, str | None] = {
        "path": path,
        "request_headers": _describe_headers(_get_headers(environ), secrets),
        "response_headers": _describe_headers(response, secrets),
        "error": secrets.clean_text(capture.error) if capture.error else None,
        "error_place": capture.error_place,
        "address": environ.get("REMOTE_ADDR"),
        "agent": capture.agent,
    }
    if capture.request_start:
        texts["request_body"] = describe_body(
            capture.request_start,
            capture.request_size,
            environ.get("CONTENT_TYPE", ""),
            environ.get("HTTP_CONTENT_ENCODING", ""),
            secrets,
        )
    if capture.response_start:
        texts["response_body"] = describe_body(
            capture.response_start,
            capture.response_size,
            _find(response, "content-type"),
            _find(response, "content-encoding"),
            secrets,
        )
    for name, text in texts.items():
        if text is not None:
            setattr(call, name, storable(secrets.forget(text)))
    call.path = call.path[:MAX_PATH]
    call.request_id = capture.request_id
    call.auth_method = "session" if capture.session_uid else None
    if capture.caller is not None:
        call.auth_method = capture.caller.method


def _clean_path(path: str, params: Mapping[str, Any], secrets: Secrets) -> str:
    """Return a quoted path without secrets, such as those of ``/reset/{token}``."""
    hidden = set()
    for name, value in params.items():
        if secrets.is_secret(name):
            secrets.add(str(value))
            hidden.add(quote_path(str(value)))
    if hidden:  # also the short ones
        parts = path.split("/")
        path = "/".join(REMOVED if part in hidden else part for part in parts)
    return secrets.clean_text(path)


def _get_headers(environ: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Return the headers of a request, in the spelling that is usual."""
    return [
        (name, environ[key])
        for key, name in _get_names(tuple(environ))
        if environ[key] or key.startswith("HTTP_")
    ]


@lru_cache(256)
def _get_names(keys: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return those keys of an environ that are headers, with their names."""
    headers = {
        key: key.removeprefix("HTTP_").replace("_", "-").title()
        for key in keys
        if key.startswith("HTTP_") or key in ("CONTENT_TYPE", "CONTENT_LENGTH")
    }
    return list(headers.items())


def _describe_headers(headers: Iterable[tuple[str, str]], secrets: Secrets) -> str:
    """Return the headers without secrets, each in a line.

    A client may send megabytes of them, and need no right for a row with an error.
    """
    lines = []
    size = 0
    for name, value in headers:
        cut = "…" if len(value) > MAX_HEADER else ""
        value = secrets.clean_value(name, value[:MAX_HEADER])
        lines.append(f"{name[:MAX_HEADER]}: {value}{cut}")
        size += len(lines[-1])
        if size > MAX_HEADERS:
            return "\n".join([*lines, "…"])
    return "\n".join(lines)


def _find(headers: Iterable[tuple[str, str]], name: str) -> str:
    return next((value for key, value in headers if key.lower() == name), "")
