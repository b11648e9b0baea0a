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

from ..bridge.exchange import STREAM_SIZE, announces_stream, is_event_stream
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
        errors = state and state.errors
        if state is None or errors is None:
            await self.app(scope, receive, send)
            return
        if state.injected is not None:
            raise state.injected
        errors.collect = None
        held: list[Message] = []
        complete = streaming = False

        async def hold(message: Message) -> None:
            nonlocal complete, streaming
            if streaming:
                await send(message)
                return
            held.append(message)
            if message["type"] == "http.response.start":
                # an event stream may be silent for long: its start is sent at once
                release = is_event_stream(message.get("headers", ())) and _is_stream(
                    errors, message
                )
            elif not message.get("more_body", False):
                release, complete = False, True
            else:
                release = _is_stream(errors, held[0])
            if release:
                _flush(state, errors)
                streaming = True
                for each in held:
                    await send(each)
                held.clear()

        error = None
        try:
            await self.app(scope, receive, hold)
            if not streaming:
                _flush(state, errors)
        except Exception as exc:
            error = original_exception(exc)
        if error is not None and not (complete and error is errors.handled):
            if not streaming:
                errors.collect = None
            errors.record(error)
            try:
                raise error  # out here: its context is not what wrapped it
            finally:
                error = None  # or its traceback would keep it, by this frame
        if not streaming:
            errors.collect = STREAM_SIZE
            for message in held:
                errors.collect += len(message.get("body", b""))
                await send(message)


def _is_stream(errors: RequestErrors, start: Message) -> bool:
    """Return whether a response is a stream, of which the first chunk is there."""
    if errors.collect is None:  # not decided by an app that is mounted in this one
        errors.collect = -1 if announces_stream(start.get("headers", ())) else 0
    return errors.collect < 0


def _flush(state: RequestState, errors: RequestErrors) -> None:
    if state.flush is None or errors.exception is not None:
        return
    left = leave_loop()  # as no_running_loop, without its overhead
    try:
        state.flush()
    finally:
        return_to_loop(*left)
