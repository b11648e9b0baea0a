# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""One HTTP request through an ASGI app, message by message.

The app's side is ``receive`` and ``send``. The caller's side is ``run``, and for a
stream ``chunks`` and ``disconnect``. In between is the order of messages that the ASGI
specification gives::

    START ── http.response.start ──> BODY ── http.response.body, no more ──> DONE

A message out of order or of an unknown type is a ``RuntimeError`` in the app. So is a
body of another length than the response says, as in uvicorn.

A response is a stream if it says so itself: its start has no ``Content-Length``, or one
above ``STREAM_SIZE``, and more follows its first chunk (``held_responses`` has looked
at the start before any middleware could change it). Then ``run`` returns in the
middle, with the app waiting in ``send`` until somebody takes the chunk. Nothing of the
app runs unless the caller makes it, on the caller's thread.

While the app waits for something else, the exchange waits for the client too: when it
goes, ``receive`` says so, and a stream ends. An app that blocks its thread
(``time.sleep``) can't be interrupted. Only the items of server-sent events are made on
a thread beside it, so that FastAPI can send its comments meanwhile.
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
    from collections.abc import (
        Awaitable,
        Callable,
        Iterable,
        Iterator,
        Mapping,
        MutableMapping,
    )
    from typing import IO

    from .loops import Loop

    Message = MutableMapping[str, Any]
    ASGIApp = Callable[
        [
            MutableMapping[str, Any],
            Callable[[], Awaitable[Message]],
            Callable[[Message], Awaitable[None]],
        ],
        Awaitable[None],
    ]

__all__ = ["STREAM_SIZE", "Exchange", "StreamCut", "announces_stream"]

_logger = logging.getLogger(__name__)

#: Bytes of the request's body in one ``http.request`` message.
CHUNK_SIZE = 64 * 1024
#: Bytes that a response may announce and still be collected and sent in one piece.
STREAM_SIZE = 1024 * 1024
#: Status codes of responses that have no body, whatever length they say.
NO_BODY = (204, 304)
#: Seconds that an app has to notice that the client has gone before it is cancelled.
NOTICE_GRACE = 0.8
#: Seconds that an app may take to end after it has noticed, or was cancelled.
DISCONNECT_GRACE = 5
#: Seconds until a client that has sent something ahead is looked at again.
LOOK_INTERVAL = 0.5


def announces_stream(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Return whether a response is a stream if more than one chunk of it comes."""
    for name, value in headers:
        if name.lower() == b"content-length":
            return not value.isdigit() or int(value) > STREAM_SIZE
    return True


class State(enum.Enum):
    START = enum.auto()
    BODY = enum.auto()
    DONE = enum.auto()


class Exchange(Work):
    """The run of ``app`` for one request.

    :param app: ASGI application
    :param scope: its scope, of type ``http``
    :param body: the request's body, at its beginning
    :param loop: an event loop that nobody else runs until the exchange is over
    :param environ: WSGI environ of the request, for its client's socket
    """

    #: The file descriptor of the client's socket that the loop waits for.
    _watched: int | None = None
    _look_timer: asyncio.TimerHandle | None = None
    _client_gone = False
    _stopped = False
    #: Whether the app knows that the response is not wanted any more.
    _noticed = False
    #: Called whenever a stream waits, for something else than its caller.
    on_wait: Callable[[], None] | None = None
    #: Called on another thread when it has run something of the app.
    on_call: Callable[[], None] | None = None

    def __init__(
        self,
        app: ASGIApp,
        scope: MutableMapping[str, Any],
        body: IO[bytes],
        loop: Loop,
        environ: Mapping[str, Any] | None = None,
    ) -> None:
        self._app = app
        self._scope = scope
        self._request_body = body
        self._request_read = False
        self._loop = loop
        self._environ = environ
        self._task: asyncio.Task[None] | None = None
        self._state = State.START
        self._chunks: list[bytes] = []
        #: Whether the caller has something to do: a chunk to take, or the end.
        self._turn = False
        #: Set when the app may send on; None while it does not wait for that.
        self._taken: asyncio.Future[None] | None = None
        #: Set when the response is complete, or nobody wants it any more.
        self._over: asyncio.Future[None] = loop.create_future()
        loop.work = self
        self._disconnected = False
        #: Whether the response is a stream.
        self.streaming = False
        #: Bytes that the response says to have, and that are still to come, if that is
        #: known.
        self._length: int | None = None
        self._left: int | None = None
        #: Status code of the response, 0 before it started.
        self.status: int = 0
        #: Header pairs of the response, in the order of the app.
        self.headers: list[tuple[bytes, bytes]] = []

    def __str__(self) -> str:
        path = getattr(self._scope.get("route"), "path", None) or self._scope["path"]
        return f"{self._scope['method']} {path}"

    @cached_property
    def _client(self) -> Client:
        return Client(self._environ or {})

    @property
    def complete(self) -> bool:
        """Whether the app has sent a whole response."""
        return self._state is State.DONE

    def discard(self) -> bool:
        """Forget what the app has sent, so that it may send another response.

        :return: False for a stream, of which something may have been sent
        """
        if self.streaming:
            return False
        self._state = State.START
        self._chunks = []
        if self._over.done():
            self._over = self._loop.create_future()
        return True

    def collected(self) -> bytes:
        """Return the body of a response that is no stream, as far as it has come."""
        return b"" if self.streaming else b"".join(self._chunks)

    def run(self) -> bytes:
        """Run the app to its end, or to the first chunk of a stream.

        :return: the body of a response that is no stream
        :raises Exception: what the app raised
        :raises RuntimeError: the app sent no response, or not all of it
        """
        self._task = self._loop.create_task(self._run_app())
        try:
            self._step()
        finally:
            if self._watched is not None and not self.streaming:
                self.close()
        return self.collected()

    def chunks(self) -> Iterator[bytes]:
        """Yield the body of a stream, running the app on whenever a chunk is taken.

        :raises Exception: what the app raised
        """
        while True:
            chunks, self._chunks = self._chunks, []
            yield from chunks
            if self._task.done():
                return
            if self._client.gone():
                raise StreamCut("The client has gone.")
            if self._taken is not None and not self._taken.done():
                self._taken.set_result(None)
            self._step()
            if self._client_gone and not self._task.done():
                raise StreamCut("The client has gone.")

    def disconnect(self) -> None:
        """Let the app know that the client has gone, and run it to its end.

        An app that takes no notice is cancelled, and given up in the end.

        :raises Exception: what the app raised on that occasion
        """
        self._disconnected = True
        if self._task is None or self._task.done():
            return
        if not self._over.done():
            self._over.set_result(None)
        if self._taken is not None and not self._taken.done():
            self._taken.set_result(None)
        if not self._run_for(NOTICE_GRACE) and not self._noticed:
            self._task.cancel()
        if not self._run_for(DISCONNECT_GRACE):
            self._task.cancel()
            if not self._run_for(DISCONNECT_GRACE):
                _logger.error(
                    "%s takes no notice of being cancelled, and is given up.",
                    describe_callable(self._app),
                )
                return
        if not self._task.cancelled():
            self._task.result()

    def close(self) -> None:
        """Look at the client no more."""
        self.on_wait = None
        if self._watched is not None:
            self._loop.remove_reader(self._watched)
            self._watched = None
        if self._look_timer is not None:
            self._look_timer.cancel()
            self._look_timer = None

    def _run_for(self, seconds: float) -> bool:
        """Run the app to its end; return False if that takes too long.

        What a thread is at can't be given up, unless the server stops: it may be at the
        database.
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
        """Run the app until it is the caller's turn."""
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
            except asyncio.CancelledError as err:  # by the app: nobody else can
                raise RuntimeError("The app cancelled its own task.") from err
            if not self.complete:
                raise RuntimeError(
                    "ASGI app returned without a response."
                    if self._state is State.START
                    else "ASGI app returned without completing its response."
                )

    def _give_turn(self) -> None:
        # Not a future for run_until_complete: that takes two more turns of the loop.
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
        """See whether the client has gone; it may have sent something ahead."""
        if self._client_gone or self._watched is None:
            return
        self._loop.remove_reader(self._watched)
        if not self._client.gone():
            self._look_timer = self._loop.call_later(LOOK_INTERVAL, self._look)
            return
        self._client_gone = True
        if not self._over.done():
            self._over.set_result(None)
        if self.streaming:
            self._give_turn()

    def stop(self) -> None:
        self._stopped = True
        if not self._task.done():
            self._task.cancel()
            self._loop.call_later(STOP_GRACE, self._give_turn)

    def calls_in_thread(self) -> bool:
        """Return whether the app makes server-sent events at the moment."""
        if self._state is not State.BODY:
            return False
        if not any(
            name.lower() == b"content-type" and value.startswith(b"text/event-stream")
            for name, value in self.headers
        ):
            return False
        # Each event is news: it need not be of the same moment as the one before.
        if self.on_wait is not None:
            self.on_wait()
        return True

    def called_in_thread(self) -> None:
        if self.on_call is not None:
            self.on_call()

    async def _run_app(self) -> None:
        try:
            await self._app(self._scope, self._receive, self._send)
        finally:
            self._give_turn()

    async def _receive(self) -> Message:
        if not self._request_read and not self._disconnected:
            chunk = self._request_body.read(CHUNK_SIZE)
            more = len(chunk) == CHUNK_SIZE
            self._request_read = not more
            return {"type": "http.request", "body": chunk, "more_body": more}
        # Nothing more comes from this client until it has its response.
        if not self._over.done():
            # Request.is_disconnected asks with a time limit of zero
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
            raise OSError("The client has disconnected.")  # as ASGI 2.4 has it
        if kind == "http.response.start" and self._state is State.START:
            self.status = message["status"]
            self.headers = list(message.get("headers", ()))
            self._length = self._left = self._get_length()
            if self._scope.get("method") == "HEAD" or self.status in NO_BODY:
                self._left = None  # what it says is of another response
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
                if not self._over.done():
                    self._over.set_result(None)
            elif self.streaming or self._says_stream():
                self.streaming = True
                await self._wait_until_taken()
        else:
            raise RuntimeError(
                f"Unexpected ASGI message {kind!r} in state {self._state.name}."
            )

    def _get_length(self) -> int | None:
        """Return how long the response says that it is, None if it does not."""
        lengths = {
            value for name, value in self.headers if name.lower() == b"content-length"
        }
        if not lengths:
            return None
        length = lengths.pop()
        if lengths or not length.isdigit():
            raise RuntimeError("Content-Length of the response is not a number.")
        return int(length)

    def _says_stream(self) -> bool:
        failure = get_errors(self._scope)
        if failure is None or failure.collect is None:
            return self._length is None or self._length > STREAM_SIZE
        return sum(map(len, self._chunks)) > failure.collect

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
