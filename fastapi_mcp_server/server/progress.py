# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A stream of a route as server-sent events: progress, then the result.

The docstring of the package says why the SDK does not do this. Each chunk of the route
becomes a ``notifications/progress`` with the text of the chunk. A file has no progress.
"""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Message, Send

__all__ = ["ProgressEvents"]

_START: Message = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"text/event-stream"),
        (b"cache-control", b"no-cache, no-transform"),
        (b"x-accel-buffering", b"no"),  # for nginx
    ],
}


class ProgressEvents:
    """Sends the chunks of a stream to a client that has asked for progress.

    :param send: of the client's request
    :param token: progress token of the client
    :param charset: of the stream
    """

    def __init__(self, send: Send, token: str | int, charset: str) -> None:
        self._send = send
        self._token = token
        self._decoder = codecs.getincrementaldecoder(charset)("replace")
        self._size = 0
        self._started = False

    async def take(self, chunk: bytes) -> None:
        """Send a chunk. The first one starts the response."""
        self._size += len(chunk)
        text = self._decoder.decode(chunk)
        if not text:  # a part of a character
            return
        if not self._started:
            self._started = True
            await self._send(_START)
        params = {
            "progressToken": self._token,
            "progress": self._size,  # bytes
            "message": text,
        }
        message = {
            "jsonrpc": "2.0",
            "method": "notifications/progress",
            "params": params,
        }
        await self._send_event(json.dumps(message).encode(), more=True)

    async def finish(self, message: Message) -> None:
        """Send a message of the response; its body becomes the last event.

        :param message: ASGI message of a response with one JSON document
        """
        if not self._started:
            await self._send(message)
        elif message["type"] == "http.response.body":
            await self._send_event(message.get("body", b""), more=False)

    async def _send_event(self, data: bytes, more: bool) -> None:
        body = b"event: message\r\ndata: " + data + b"\r\n\r\n"
        await self._send(
            {"type": "http.response.body", "body": body, "more_body": more}
        )
