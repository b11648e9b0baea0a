# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Stored responses to tool calls (addon ``fastapi_mcp_server``).

A tool call is a request within a request: the app responds to the inner one, and a
middleware around the app makes the outer response from that. So a stored response has
to replace the inner response before it reaches that middleware.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from odoo.http import request

from odoo.addons.fastapi.bridge import get_state

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .responses import StoredResponse

__all__ = ["InnerResponses", "decode_headers"]


class InnerResponses:
    """Middleware that sends stored responses to inner requests.

    :param app: the next middleware, or the app
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = get_state(scope)
        # without a request of Odoo, in a test, nothing is stored
        if state is None or state.inner is None or not request:
            await self.app(scope, receive, send)
            return
        dispatcher = request.dispatcher

        async def send_stored(message: Message) -> None:
            stored = dispatcher.stored_response
            if stored is None:
                await send(message)
            elif message["type"] == "http.response.start":
                await send(_make_start(message, stored))
                await send({"type": "http.response.body", "body": stored.stored_body})

        await self.app(scope, receive, send_stored)


def _make_start(message: Message, stored: StoredResponse) -> Message:
    pairs = decode_headers(message.get("headers", ()))
    headers = [
        *stored.make_headers(pairs),
        ("Content-Length", str(len(stored.stored_body))),
    ]
    return {
        **message,
        "status": stored.status_code,
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in headers
        ],
    }


def decode_headers(raw: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """Return the headers of an ASGI message as strings."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw]
