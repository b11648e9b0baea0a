# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Responses that wait for the end of their handler; the innermost part of an app.

FastAPI sends a response first and tears down the dependencies after that
(``fastapi.routing.request_response``). Here a teardown that raises rolls the request
back, and the client gets the error. So the messages of a plain response are kept until
the handler and its teardown are over, and what is pending in the database is flushed.
An exception up to that point is one of the handler: the app's exception handlers and
its middleware see it, and nothing of the response has left the handler.

Whether a response is a stream is decided here too, by the headers that the handler
gave it. A middleware may remove the ``Content-Length`` or send the body in chunks: that
makes no stream.

The place is the router of the app (``starlette.routing.Router.middleware_stack``). It
is inside Starlette's exception middleware, which would give up an exception once it has
seen the start of a response.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..bridge.exchange import STREAM_SIZE, announces_stream
from ..bridge.inline_threads import leave_loop, return_to_loop
from ..bridge.request_errors import RequestErrors, original_exception
from ..bridge.request_state import RequestState, get_state

if TYPE_CHECKING:
    from starlette.routing import Router
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["hold_responses"]


def hold_responses(router: Router) -> None:
    """Hold the responses of a router's routes until they are over.

    :param router: of an app, or of an app that is mounted in it. Requests that do not
        come through the bridge are not affected.
    """
    if not isinstance(router.middleware_stack, HeldResponses):
        router.middleware_stack = HeldResponses(router.middleware_stack)


class HeldResponses:
    """Sends a plain response when everything inside has ended without an exception.

    :param app: the routes
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = get_state(scope)
        failure = state and state.errors
        if state is None or failure is None:
            await self.app(scope, receive, send)
            return
        if state.injected is not None:
            raise state.injected
        failure.collect = None
        held: list[Message] = []
        complete = streaming = False

        async def hold(message: Message) -> None:
            nonlocal complete, streaming
            if streaming:
                await send(message)
                return
            held.append(message)
            if message["type"] == "http.response.start":
                release = _is_event_stream(failure, message)
            elif not message.get("more_body", False):
                release, complete = False, True
            else:
                release = _is_stream(failure, held[0])
            if release:
                _flush(state, failure)
                streaming = True
                for each in held:
                    await send(each)
                held.clear()

        error = None
        try:
            await self.app(scope, receive, hold)
            if not streaming:
                _flush(state, failure)
        except Exception as exc:
            error = original_exception(exc)
        if error is not None and not (complete and error is failure.handled):
            if not streaming:
                failure.collect = None
            failure.note(error)
            try:
                raise error  # out here: its context is not what wrapped it
            finally:
                error = None  # or its traceback would keep it, by this frame
        if not streaming:
            failure.collect = STREAM_SIZE
            for message in held:
                failure.collect += len(message.get("body", b""))
                await send(message)


def _is_stream(failure: RequestErrors, start: Message) -> bool:
    """Return whether a response is a stream, of which the first chunk is there."""
    if failure.collect is None:  # not decided by an app that is mounted in this one
        failure.collect = -1 if announces_stream(start.get("headers", ())) else 0
    return failure.collect < 0


def _is_event_stream(failure: RequestErrors, start: Message) -> bool:
    """Return whether a response is a stream that may be quiet for a long time."""
    for name, value in start.get("headers", ()):
        if name.lower() == b"content-type" and value.startswith(b"text/event-stream"):
            return _is_stream(failure, start)
    return False


def _flush(state: RequestState, failure: RequestErrors) -> None:
    if state.flush is None or failure.exception is not None:
        return
    left = leave_loop()  # as no_running_loop, without its overhead
    try:
        state.flush()
    finally:
        return_to_loop(*left)
