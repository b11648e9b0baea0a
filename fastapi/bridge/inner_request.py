# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``InnerRequest``: a request that an app sends to itself, in the same transaction.

A middleware may convert the request of a client to another one, for a route of the app,
and put the response of that route into its own. ``fastapi_mcp_server`` does that for a
tool call. The inner request passes through the same code as any other one: middleware,
dependencies, exception handlers. Its exceptions count as exceptions of the client's
request, so they roll it back or replay it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .request_errors import original_exception
from .request_state import STATE_KEY, get_state

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from starlette.types import ASGIApp, Message, Receive

    from .request_errors import RequestErrors

    #: Gets a chunk of a stream, whose transaction may be committed by then.
    TakeChunk = Callable[[bytes], Awaitable[None]]

__all__ = ["IDENTIFICATION_KEY", "InnerRequest"]

#: Key of the ASGI scope of an inner request that only finds out who calls. Its value
#: belongs to the addon that makes the request.
IDENTIFICATION_KEY = "odoo.fastapi.identification"

#: Keys of the scope whose values refer to the state of the request.
_STATE_KEYS = (STATE_KEY, "wsgi_environ")


class InnerRequest:
    """A request to a route, inside the request of a client.

    It is the attribute ``inner`` of the state of the request, also after it has ended.

    :param scope: ASGI scope, a copy of the client's with the values for the route.
        After the end, it lacks the state, which refers to this object
    :param body: the whole request body
    :param agent: name and version that the client gives; at most 128 characters
    :param take: called with each chunk of a stream. If it sends something to the
        client, the stream is committed before
    :param keep: most bytes of a stream that are kept, rounded up to a chunk. A plain
        response is kept whole
    :param has_implied_key: whether its ``Idempotency-Key`` is one that the client may
        not have meant as a key
    """

    def __init__(
        self,
        scope: MutableMapping[str, Any],
        body: bytes,
        agent: str = "",
        take: TakeChunk | None = None,
        keep: int | None = None,
        has_implied_key: bool = False,
    ) -> None:
        self.scope = scope
        self.body = body
        self.agent = agent
        self.has_implied_key = has_implied_key
        self._take = take
        self._keep = keep
        #: Status code of the response, 0 before it starts.
        self.status = 0
        #: Header pairs of the response.
        self.headers: list[tuple[bytes, bytes]] = []
        #: Size of the response body, in bytes.
        self.size = 0
        #: Whether the response is a stream.
        self.streaming = False
        #: Whether the response is complete.
        self.complete = False
        self._chunks: list[bytes] = []
        self._body_read = False

    @property
    def content(self) -> bytes:
        """The body of the response, or the start of a stream."""
        return b"".join(self._chunks)

    async def run(self, app: ASGIApp, receive: Receive) -> None:
        """Run the app, and keep its response.

        An exception of the app is recorded as in any request, and the response to it is
        kept. If the request is replayed, or a stream has started, there is no such
        response, and ``complete`` is False.

        :param app: the app below the middleware that makes the inner request
        :param receive: of the client's request, after its body
        """
        state = get_state(self.scope)
        assert state is not None
        assert state.errors is not None
        errors = state.errors
        state.inner = self
        outer, errors.exchange = errors.exchange, self

        async def receive_inner() -> Message:
            if self._body_read:
                return await receive()  # the client disconnects
            self._body_read = True
            return {"type": "http.request", "body": self.body, "more_body": False}

        async def send(message: Message) -> None:
            await self._accept(message, errors)

        try:
            await app(self.scope, receive_inner, send)
            if not self.complete and errors.exception is None:
                errors.record(RuntimeError("ASGI app returned without a response."))
        except Exception as err:
            error = original_exception(err)
            if not (self.complete and error is errors.handled):
                errors.record(error)
                if errors.respond is not None:
                    await self._respond(errors, receive, error)
                if self.streaming:
                    # Starlette's BaseHTTPMiddleware completes it before it raises
                    self.complete = False
        finally:
            errors.exchange = outer
            # otherwise the garbage collector would have to break these reference cycles
            self._take = None
            self.scope = {
                key: value
                for key, value in self.scope.items()
                if key not in _STATE_KEYS
            }

    async def _respond(
        self, errors: RequestErrors, receive: Receive, error: Exception
    ) -> None:
        """Let the app respond to its exception.

        If its exception handler fails, that exception is recorded, too, and the
        response is a plain 500. The exception must not get to the caller, which may
        send its text to the client.
        """
        assert errors.respond is not None
        try:
            await errors.respond(self.scope, receive, error)
        except Exception as err:
            errors.record(original_exception(err))

    def discard(self) -> bool:
        """Discard what the app has sent, so that it may send another response.

        :return: False for a stream, whose transaction may be committed
        """
        if self.streaming:
            return False
        self.status, self.headers, self.size = 0, [], 0
        self._chunks = []
        self.complete = False
        return True

    async def _accept(self, message: Message, errors: RequestErrors) -> None:
        """Keep a message of the response.

        :raises RuntimeError: the message is out of order
        """
        kind = message["type"]
        if kind == "http.response.start" and not self.status:
            self.status = message["status"]
            self.headers = list(message.get("headers", ()))
        elif kind == "http.response.body" and self.status and not self.complete:
            chunk = bytes(message.get("body", b""))
            more = message.get("more_body", False)
            # app.held_responses knows by now whether this is a stream
            if more and errors.collect is not None and errors.collect < 0:
                self.streaming = True
            if chunk:
                if not self.streaming or self._keep is None or self.size < self._keep:
                    self._chunks.append(chunk)
                self.size += len(chunk)
            self.complete = not more
            if chunk and self.streaming and self._take is not None:
                await self._take(chunk)
        else:
            raise RuntimeError(f"Unexpected ASGI message {kind!r}.")
