# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The parts of a client's message that are needed before the SDK reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mcp_types import CLIENT_INFO_META_KEY

__all__ = ["ClientMessage", "parse_message"]

#: Most characters that are kept of the name of a client.
MAX_AGENT = 128
#: Fewest and most characters of an id that can be an ``Idempotency-Key``. Shorter ids
#: may be counters, which start again in each connection.
MIN_KEY = 16
MAX_KEY = 255


@dataclass(frozen=True)
class ClientMessage:
    """A message of a client. The SDK has not checked it yet.

    :param id: None for a notification, or if it is not an id
    :param method: empty if the message is not a request
    """

    id: str | int | None = None
    method: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)

    def get_text(self, name: str) -> str | None:
        """Return a parameter, None if it is not a string."""
        value = self.params.get(name)
        return value if isinstance(value, str) else None

    @property
    def arguments(self) -> Mapping[str, Any] | None:
        """The arguments of a call, None if they are not an object."""
        arguments = self.params.get("arguments")
        if arguments is None:
            return {}
        return arguments if isinstance(arguments, dict) else None

    @property
    def meta(self) -> Mapping[str, Any]:
        meta = self.params.get("_meta")
        return meta if isinstance(meta, dict) else {}

    @property
    def progress_token(self) -> str | int | None:
        """The token for progress notifications, None if the client wants none."""
        token = self.meta.get("progressToken")
        is_token = isinstance(token, str | int) and not isinstance(token, bool)
        return token if is_token else None

    @property
    def idempotency_key(self) -> str | None:
        """The id, if it can be an ``Idempotency-Key``."""
        key = self.id
        if not isinstance(key, str) or not MIN_KEY <= len(key) <= MAX_KEY:
            return None
        return key if key.isascii() and key.isprintable() else None

    def get_agent(self, user_agent: str) -> str:
        """Return name and version of the client's program.

        :param user_agent: header of the HTTP request, used if the message has no name
        """
        info = self.meta.get(CLIENT_INFO_META_KEY) or self.params.get("clientInfo")
        texts = []
        if isinstance(info, dict):
            values = (info.get("name"), info.get("version"))
            texts = [value for value in values if isinstance(value, str)]
        text = " ".join(texts).strip() or user_agent
        cleaned = "".join(char if char.isprintable() else " " for char in text)
        return " ".join(cleaned.split())[:MAX_AGENT]


def parse_message(body: bytes) -> ClientMessage | None:
    """Return the message in a body, None if it is not one."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    number, method, params = data.get("id"), data.get("method"), data.get("params")
    is_id = isinstance(number, str | int) and not isinstance(number, bool)
    return ClientMessage(
        id=number if is_id else None,
        method=method if isinstance(method, str) else "",
        params=params if isinstance(params, dict) else {},
    )
