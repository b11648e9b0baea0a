# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Runs one HTTP request through an ASGI app, message by message.

The app calls ``receive`` and ``send``. The caller calls ``run``, and for a stream also
``chunks`` and ``disconnect``. The messages come in the order of the ASGI
specification::

    START ── http.response.start ──> BODY ── http.response.body, no more ──> DONE

An unknown message, or one out of order, raises ``RuntimeError`` in the app. So does a
body whose length differs from its ``Content-Length``, as in uvicorn.

A response is a stream if it has several chunks, and no ``Content-Length`` or one above
``STREAM_SIZE``. ``app.held_responses`` checks the headers before a middleware can
change them. For a stream, ``run`` returns at the first chunk. The app waits in ``send``
until the caller takes the chunk. It only runs on the caller's thread, and only while
the caller makes it run.

While the app waits for something else, the exchange also watches the client: when the
client disconnects, ``receive`` returns ``http.disconnect``, and a stream ends. An app
that blocks its thread (``time.sleep``) can't be interrupted. Only server-sent events
are produced on a second thread, so that FastAPI can send keep-alive comments meanwhile.
"""

from __future__ import annotations

import asyncio
import enum
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from ..exceptions import StreamCut
from .app_run import AppRun, resolve
from .request_state import get_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import IO

    from starlette.types import ASGIApp, Message, Scope

    from .loops import Loop

__all__ = ["STREAM_SIZE", "Exchange", "announces_stream", "is_event_stream"]

#: Bytes of the request body in one ``http.request`` message.
CHUNK_SIZE = 64 * 1024
#: Largest ``Content-Length`` of a response that is not a stream, in bytes.
STREAM_SIZE = 1024 * 1024
#: Status codes of responses without a body, even if they have a ``Content-Length``.
NO_BODY = (204, 304)


def announces_stream(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Return whether a response is a stream if it has more than one chunk."""
    for name, value in headers:
        if name.lower() == b"content-length":
            return not value.isdigit() or int(value) > STREAM_SIZE
    return True


def is_event_stream(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Return whether a response has server-sent events."""
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/event-stream")
        for name, value in headers
    )


class State(enum.Enum):
    START = enum.auto()
    BODY = enum.auto()
    DONE = enum.auto()


class Exchange(AppRun):
    """One HTTP request to an ASGI app.

    :param app: ASGI application
    :param scope: ASGI scope, of type ``http``
    :param body: the request body, at its beginning
    :param loop: an event loop that only this exchange runs
    :param environ: WSGI environ, for the socket of the client
    """

    #: Called when a stream starts to wait for anything but its caller.
    on_wait: Callable[[], None] | None = None
    #: Why a stream ends early.
    _cut_off: str | None = None
    #: Called on another thread after that has run code of the app.
    on_call: Callable[[], None] | None = None

    def __init__(
        self,
        app: ASGIApp,
        scope: Scope,
        body: IO[bytes],
        loop: Loop,
        environ: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(app, scope, loop, environ)
        self._request_body = body
        self._request_read = False
        self._state = State.START
        self._chunks: list[bytes] = []
        #: What the app waits for after sending a chunk; None if it does not wait.
        self._taken: asyncio.Future[None] | None = None
        #: Whether the response is a stream.
        self.streaming = False
        #: Number of bytes of the body that are still to come, None if unknown.
        self._left: int | None = None
        #: Header pairs of the response, in the order of the app.
        self.headers: list[tuple[bytes, bytes]] = []

    @property
    def complete(self) -> bool:
        """Whether the app has sent a complete response."""
        return self._state is State.DONE

    def discard(self) -> bool:
        """Discard what the app has sent, so that it may send another response.

        :return: False for a stream, which the client may have seen
        """
        if self.streaming:
            return False
        self._state = State.START
        self._chunks = []
        if self._over.done():
            self._over = self._loop.create_future()
        return True

    def collected(self) -> bytes:
        """Return the body that the app has sent so far; empty for a stream."""
        return b"" if self.streaming else b"".join(self._chunks)

    def run(self) -> bytes:
        """Run the app to its end, or to the first chunk of a stream.

        :return: the body, empty for a stream
        :raises Exception: the app raised it
        :raises RuntimeError: the app has not sent a complete response
        """
        self._task = self._loop.create_task(self._run_app())
        try:
            self._step()
        finally:
            if self._watched is not None and not self.streaming:
                self.close()
        return self.collected()

    def chunks(self) -> Iterator[bytes]:
        """Yield the body of a stream; the app continues after each chunk.

        :raises Exception: the app raised it
        """
        while True:
            chunks, self._chunks = self._chunks, []
            yield from chunks
            if self._task.done():
                return
            if self._client.gone():
                raise StreamCut("The client has disconnected.")
            resolve(self._taken)
            self._step()
            if self._cut_off is not None and not self._task.done():
                raise StreamCut(self._cut_off)

    def cut(self, reason: str) -> None:
        """End a stream; callable on any thread, and again.

        The app ends as after a disconnect. If a sync call blocks its thread, that is
        after the call.

        :param reason: text of the ``StreamCut`` that ``chunks`` raises
        """
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._cut_soon, reason)

    def _cut_soon(self, reason: str) -> None:
        # the loop may serve another request by now
        if not self._task.done():
            self._cut_off = self._cut_off or reason
            self._give_turn()

    def disconnect(self) -> None:
        """Tell the app that the client has disconnected, and run it to its end.

        An app that does not end is cancelled, and abandoned if that does not help.

        :raises Exception: the app raised it after the disconnect
        """
        self._disconnected = True
        if not self._task.done():
            resolve(self._over)
            resolve(self._taken)
            self._run_to_end()

    def close(self) -> None:
        """Stop watching the client."""
        self.on_wait = None
        self.stop_watching()

    def _step(self) -> None:
        """Run the app until the caller has to take a chunk, or to its end."""
        self._run_until_turn()
        if self._task.done() and not self.complete:
            raise RuntimeError(
                "ASGI app returned without a response."
                if self._state is State.START
                else "ASGI app returned without completing its response."
            )

    def _cut(self) -> NoReturn:  # pylint: disable=missing-return
        if self.streaming:
            raise StreamCut("The server stops.")
        super()._cut()

    def wait(self) -> None:  # pylint: disable=missing-return
        super().wait()
        if self.on_wait is not None and not self._loop.running_calls:
            self.on_wait()

    def _on_client_gone(self) -> None:  # pylint: disable=missing-return
        super()._on_client_gone()
        if self.streaming:
            self._cut_soon("The client has disconnected.")

    def calls_in_thread(self) -> bool:
        """Return whether the app is sending server-sent events."""
        if self._state is not State.BODY:
            return False
        if not is_event_stream(self.headers):
            return False
        # the transaction may end between two events
        if self.on_wait is not None:
            self.on_wait()
        return True

    def called_in_thread(self) -> None:
        if self.on_call is not None:
            self.on_call()

    async def _run_app(self) -> None:
        try:
            await self._app(self.scope, self._receive, self._send)
        finally:
            self._give_turn()

    async def _receive(self) -> Message:
        if not self._request_read and not self._disconnected:
            chunk = self._request_body.read(CHUNK_SIZE)
            more = len(chunk) == CHUNK_SIZE
            self._request_read = not more
            return {"type": "http.request", "body": chunk, "more_body": more}
        # the client sends nothing more until it has the response
        if not self._over.done():
            # Request.is_disconnected waits for zero seconds only
            if self._client.gone():
                self._client_gone = True
                self._over.set_result(None)
            else:
                await asyncio.shield(self._over)
        self._noticed = True
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if self._disconnected:
            self._noticed = True
            raise OSError("The client has disconnected.")  # as ASGI 2.4 specifies
        if kind == "http.response.start" and self._state is State.START:
            self.status = message["status"]
            self.headers = list(message.get("headers", ()))
            self._left = self._get_length()
            if self.scope.get("method") == "HEAD" or self.status in NO_BODY:
                self._left = None  # the length of another response
            self._state = State.BODY
        elif kind == "http.response.body" and self._state is State.BODY:
            chunk = message.get("body", b"")
            more = message.get("more_body", False)
            if self._left is not None:
                self._left -= len(chunk)
                if self._left < 0 or (self._left and not more):
                    kind = "longer" if self._left < 0 else "shorter"
                    raise RuntimeError(f"Response content {kind} than Content-Length")
            if chunk:
                self._chunks.append(bytes(chunk))
            if not more:
                self._state = State.DONE
                resolve(self._over)
            elif self.streaming or self._is_stream():
                self.streaming = True
                await self._wait_until_taken()
        else:
            raise RuntimeError(
                f"Unexpected ASGI message {kind!r} in state {self._state.name}."
            )

    def _get_length(self) -> int | None:
        """Return the ``Content-Length`` of the response, None without one."""
        lengths = {
            value for name, value in self.headers if name.lower() == b"content-length"
        }
        if not lengths:
            return None
        length = lengths.pop()
        if lengths or not length.isdigit():
            raise RuntimeError("Content-Length of the response is not a number.")
        return int(length)

    def _is_stream(self) -> bool:
        errors = get_errors(self.scope)
        if errors is None or errors.collect is None:
            return announces_stream(self.headers)
        return sum(map(len, self._chunks)) > errors.collect

    async def _wait_until_taken(self) -> None:
        if not self._chunks:
            return
        self._taken = self._loop.create_future()
        self._give_turn()
        try:
            await self._taken
        finally:
            self._taken = None
        if self._disconnected:
            self._noticed = True
            raise OSError("The client has disconnected.")
