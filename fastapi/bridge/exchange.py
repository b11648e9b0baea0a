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
import logging
from functools import cached_property
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import ServiceUnavailable

from ..exceptions import StreamCut
from .loops import STOP_GRACE, Work, describe_callable
from .request_state import get_errors
from .servers import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import IO

    from starlette.types import ASGIApp, Message, Scope

    from .loops import Loop

__all__ = ["STREAM_SIZE", "Exchange", "announces_stream", "is_event_stream"]

_logger = logging.getLogger(__name__)

#: Bytes of the request body in one ``http.request`` message.
CHUNK_SIZE = 64 * 1024
#: Largest ``Content-Length`` of a response that is not a stream, in bytes.
STREAM_SIZE = 1024 * 1024
#: Status codes of responses without a body, even if they have a ``Content-Length``.
NO_BODY = (204, 304)
#: Seconds after which an app that does not notice the disconnect is cancelled.
NOTICE_GRACE = 0.8
#: Seconds that an app may take to end after it has noticed or was cancelled.
DISCONNECT_GRACE = 5
#: Seconds between checks of a client that has sent more than its request.
LOOK_INTERVAL = 0.5


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


class Exchange(Work):
    """One request to an ASGI app.

    :param app: ASGI application
    :param scope: ASGI scope, of type ``http``
    :param body: the request body, at its beginning
    :param loop: an event loop that only this exchange runs
    :param environ: WSGI environ, for the socket of the client
    """

    _task: asyncio.Task[None]
    #: File descriptor of the client's socket that the loop watches.
    _watched: int | None = None
    _look_timer: asyncio.TimerHandle | None = None
    _client_gone = False
    _stopped = False
    #: Whether the app knows of the disconnect.
    _noticed = False
    #: Called when a stream starts to wait for anything but its caller.
    on_wait: Callable[[], None] | None = None
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
        self._app = app
        self.scope = scope
        self._request_body = body
        self._request_read = False
        self._loop = loop
        self._environ = environ
        self._state = State.START
        self._chunks: list[bytes] = []
        #: Whether the caller's turn has come: to take a chunk, or to end.
        self._turn = False
        #: What the app waits for after sending a chunk; None if it does not wait.
        self._taken: asyncio.Future[None] | None = None
        #: Done when the response is complete or the client has disconnected.
        self._over: asyncio.Future[None] = loop.create_future()
        loop.work = self
        self._disconnected = False
        #: Whether the response is a stream.
        self.streaming = False
        #: Number of bytes of the body that are still to come, None if unknown.
        self._left: int | None = None
        #: Status code of the response, 0 before it started.
        self.status: int = 0
        #: Header pairs of the response, in the order of the app.
        self.headers: list[tuple[bytes, bytes]] = []

    def __str__(self) -> str:
        path = getattr(self.scope.get("route"), "path", None) or self.scope["path"]
        return f"{self.scope['method']} {path}"

    @cached_property
    def _client(self) -> Client:
        return Client(self._environ or {})

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
            _resolve(self._taken)
            self._step()
            if self._client_gone and not self._task.done():
                raise StreamCut("The client has disconnected.")

    def disconnect(self) -> None:
        """Tell the app that the client has disconnected, and run it to its end.

        An app that does not end is cancelled, and abandoned if that does not help.

        :raises Exception: the app raised it after the disconnect
        """
        self._disconnected = True
        if self._task.done():
            return
        _resolve(self._over)
        _resolve(self._taken)
        if not self._run_for(NOTICE_GRACE) and not self._noticed:
            self._task.cancel()
        if not self._run_for(DISCONNECT_GRACE):
            self._task.cancel()
            if not self._run_for(DISCONNECT_GRACE):
                _logger.error(
                    "%s does not end after it was cancelled, and is given up.",
                    describe_callable(self._app),
                )
                return
        if not self._task.cancelled():
            self._task.result()

    def close(self) -> None:
        """Stop watching the client."""
        self.on_wait = None
        if self._watched is not None:
            self._loop.remove_reader(self._watched)
            self._watched = None
        if self._look_timer is not None:
            self._look_timer.cancel()
            self._look_timer = None

    def _run_for(self, seconds: float) -> bool:
        """Run the app to its end; return False if that takes too long.

        A call on another thread has no time limit unless the server stops, because it
        may use the database.
        """
        loop = self._loop
        timer = loop.call_later(STOP_GRACE if self._stopped else seconds, loop.stop)
        while not self._task.done():
            loop.run_forever()
            over = loop.time() >= timer.when()
            if over and (self._stopped or not loop.running_calls):
                break
        timer.cancel()
        return self._task.done()

    def _step(self) -> None:
        """Run the app until the caller has to do something."""
        self._turn = False
        while not self._turn:
            self._loop.run_forever()
        if self._stopped and (not self._task.done() or self._task.cancelled()):
            if self.streaming:
                raise StreamCut("The server stops.")
            raise ServiceUnavailable("The server stops.")
        if self._task.done():
            try:
                self._task.result()
            except asyncio.CancelledError as err:  # by the app itself
                raise RuntimeError("The app cancelled its own task.") from err
            if not self.complete:
                raise RuntimeError(
                    "ASGI app returned without a response."
                    if self._state is State.START
                    else "ASGI app returned without completing its response."
                )

    def _give_turn(self) -> None:
        # saves two turns of the loop, compared to a future and run_until_complete
        self._turn = True
        self._loop.stop()

    def wait(self) -> None:
        if (
            self._watched is None
            and not self._disconnected
            and self._client.socket is not None
        ):
            descriptor = self._client.socket.fileno()
            if descriptor >= 0:
                self._watched = descriptor
                self._loop.add_reader(descriptor, self._look)
        if self.on_wait is not None and not self._loop.running_calls:
            self.on_wait()

    def _look(self) -> None:
        """Check whether the client has disconnected, or has sent more data."""
        if self._client_gone or self._watched is None:
            return
        self._loop.remove_reader(self._watched)
        if not self._client.gone():
            self._look_timer = self._loop.call_later(LOOK_INTERVAL, self._look)
            return
        self._client_gone = True
        _resolve(self._over)
        if self.streaming:
            self._give_turn()

    def stop(self) -> None:
        self._stopped = True
        if not self._task.done():
            self._task.cancel()
            self._loop.call_later(STOP_GRACE, self._give_turn)

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
                _resolve(self._over)
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


def _resolve(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)
