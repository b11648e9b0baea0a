# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""One HTTP request through an ASGI app, message by message.

The app's side is ``receive`` and ``send``, the caller's side is ``run``. In between is
the order of messages that the ASGI specification gives::

    START ── http.response.start ──> BODY ── http.response.body, no more ──> DONE

A message out of order, or one nobody knows, is a ``RuntimeError`` in the app.
"""

from __future__ import annotations

import asyncio
import enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping
    from typing import IO

    Message = MutableMapping[str, Any]
    ASGIApp = Callable[
        [
            MutableMapping[str, Any],
            Callable[[], Awaitable[Message]],
            Callable[[Message], Awaitable[None]],
        ],
        Awaitable[None],
    ]

__all__ = ["Exchange"]

#: Bytes of the request's body in one ``http.request`` message.
CHUNK_SIZE = 64 * 1024


class State(enum.Enum):
    START = enum.auto()
    BODY = enum.auto()
    DONE = enum.auto()


class Exchange:
    """The run of ``app`` for one request.

    :param app: ASGI application
    :param scope: its scope, of type ``http``
    :param body: the request's body, at its beginning
    """

    def __init__(
        self, app: ASGIApp, scope: MutableMapping[str, Any], body: IO[bytes]
    ) -> None:
        self._app = app
        self._scope = scope
        self._request_body = body
        self._request_read = False
        self._state = State.START
        self._done: asyncio.Future[None] | None = None
        self._chunks: list[bytes] = []
        #: Status code of the response, 0 before it started.
        self.status: int = 0
        #: Header pairs of the response, in the order of the app.
        self.headers: list[tuple[bytes, bytes]] = []

    @property
    def body(self) -> bytes:
        """What the app has sent so far as the body of the response."""
        return b"".join(self._chunks)

    @property
    def complete(self) -> bool:
        """Whether the app has sent a whole response."""
        return self._state is State.DONE

    def run(self, loop: asyncio.AbstractEventLoop) -> None:
        """Run the app to its end on the calling thread.

        :param loop: an event loop that nobody else runs
        :raises Exception: what the app raised
        :raises RuntimeError: the app sent no response, or not all of it
        """
        self._done = loop.create_future()
        loop.run_until_complete(self._app(self._scope, self._receive, self._send))
        if not self.complete:
            raise RuntimeError(
                "ASGI app returned without a response."
                if self._state is State.START
                else "ASGI app returned without completing its response."
            )

    async def _receive(self) -> Message:
        if not self._request_read:
            chunk = self._request_body.read(CHUNK_SIZE)
            more = len(chunk) == CHUNK_SIZE
            self._request_read = not more
            return {"type": "http.request", "body": chunk, "more_body": more}
        # Nothing more comes from this client until it has its response.
        await asyncio.shield(self._done)
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start" and self._state is State.START:
            self.status = message["status"]
            self.headers = list(message.get("headers", ()))
            self._state = State.BODY
        elif kind == "http.response.body" and self._state is State.BODY:
            self._chunks.append(message.get("body", b""))
            if not message.get("more_body", False):
                self._state = State.DONE
                self._done.set_result(None)
        else:
            raise RuntimeError(
                f"Unexpected ASGI message {kind!r} in state {self._state.name}."
            )
