# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""From the arguments of an agent to an HTTP request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["ArgumentError", "Arguments", "ToolRequest"]


class ArgumentError(Exception):
    """Arguments can't become a request. The text tells the agent what to change."""


@dataclass(frozen=True)
class ToolRequest:
    """The HTTP request for a call.

    :param path: below the app, as ``path`` of the ASGI scope: not quoted
    :param raw_path: the same path, quoted
    :param headers: names in lower case. They replace those of the client's request,
        except ``cookie``, which is added to that
    """

    method: str
    path: str
    raw_path: bytes
    query_string: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Arguments:
    """The arguments of a route."""

    def make_request(self, method: str, arguments: Mapping[str, Any]) -> ToolRequest:
        """Return the HTTP request for a call."""
        raise NotImplementedError

    def name_argument(self, location: Sequence[str | int]) -> str:
        """Return what an agent calls a value."""
        raise NotImplementedError
