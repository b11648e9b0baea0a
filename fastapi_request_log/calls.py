# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``Call``: what is known about one call when it has ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["Call"]


@dataclass(slots=True)
class Call:
    """One call of an endpoint, with attributes named like ``fastapi.request.log``.

    Roll-ups get all calls of endpoints whose log is not off: ``_count(calls)`` of
    ``fastapi.request.hour`` and ``fastapi.request.total``. Ids are those of existing
    records. Texts have no secrets, and nothing that PostgreSQL can't store.

    :param date: start of the request, UTC, naive
    :param endpoint_id: id of the ``fastapi.endpoint``
    :param duration: milliseconds
    :param route: path template with the root path, empty if no route was found
    :param agent: MCP client, with its version; None for other calls. Method, route and
        status of a tool call are those of the route that the tool has called
    :param stored: whether the call becomes a row of the log
    """

    date: datetime
    endpoint_id: int
    method: str
    path: str
    status: int
    duration: float
    route: str = ""
    stored: bool = True
    queries: int = 0
    sql_duration: float = 0.0
    request_size: int = 0
    response_size: int = 0
    user_id: int | None = None
    partner_id: int | None = None
    key_id: int | None = None
    key_name: str | None = None
    auth_method: str | None = None
    agent: str | None = None
    address: str | None = None
    request_id: str | None = None
    attempts: int = 1
    error: str | None = None
    error_place: str | None = None
    request_headers: str | None = None
    request_body: str | None = None
    response_headers: str | None = None
    response_body: str | None = None
