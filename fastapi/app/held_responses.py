# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Holds a response that is not a stream until the handler's teardown has ended.

FastAPI sends a response before it tears down dependencies
(``fastapi.routing.request_response``). Here, an error in the teardown rolls the request
back, and the client gets the error. So the messages of a plain response are held until
the handler and its teardown have ended and the database is flushed. Exception handlers
and middleware treat an exception up to that point like one of the handler.

This module also decides whether a response is a stream, by the handler's headers. A
middleware that removes ``Content-Length`` or splits the body does not make a stream.

It wraps the router of the app (``starlette.routing.Router.middleware_stack``), inside
Starlette's exception middleware, which does not handle exceptions after the start of a
response.

For a WebSocket, the database is flushed before the connection is accepted. A refusal is
held like a plain response.
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

__all__ = ["HeldResponses", "hold_responses"]

#: First message of a response that refuses a WebSocket.
_REFUSAL_START = "websocket.http.response.start"
#: Messages of a refused WebSocket.
_REFUSALS = ("websocket.close", _REFUSAL_START, "websocket.http.response.body")


def hold_responses(router: Router) -> None:
    """Hold the responses of a router's routes."""
    if not isinstance(router.middleware_stack, HeldResponses):
        router.middleware_stack = HeldResponses(router.middleware_stack)


class HeldResponses:
    """Sends a plain response only when the routes have ended without an exception."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = get_state(scope)
        if state is None or state.errors is None:
            await self.app(scope, receive, send)
            return
        errors = state.errors
        if state.injected is not None:
            raise state.injected
        if scope["type"] == "websocket":
            await self._run_websocket(scope, receive, send, state, errors)
            return
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
                # an event stream starts before its first event
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
                raise error  # after ``except``: its context must not be the wrapper
            finally:
                error = None  # its traceback refers to this frame
        if not streaming:
            errors.collect = STREAM_SIZE
            for message in held:
                errors.collect += len(message.get("body", b""))
                await send(message)

    async def _run_websocket(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        state: RequestState,
        errors: RequestErrors,
    ) -> None:
        held: list[Message] = []
        accepted = complete = False

        async def hold(message: Message) -> None:
            nonlocal accepted, complete
            kind = message["type"]
            if kind == _REFUSAL_START and held and errors.exception is not None:
                held.clear()  # the response to an exception of the teardown
                complete = False
            if kind in _REFUSALS and not accepted and not complete:
                held.append(message)
                complete = kind != _REFUSAL_START and not message.get(
                    "more_body", False
                )
                return
            if not accepted and kind == "websocket.accept":
                _flush(state, errors)
                accepted = True
            for each in held:  # the bridge will say that the order is wrong
                await send(each)
            held.clear()
            await send(message)

        error = None
        try:
            await self.app(scope, receive, hold)
            if not accepted:
                _flush(state, errors)
        except Exception as exc:
            error = original_exception(exc)
        if error is not None and not (complete and error is errors.handled):
            errors.record(error)
            try:
                raise error
            finally:
                error = None
        for message in held:
            await send(message)


def _is_stream(errors: RequestErrors, start: Message) -> bool:
    """Return whether a response that continues after its first chunk is a stream."""
    if errors.collect is None:  # not yet decided by a mounted app
        errors.collect = -1 if announces_stream(start.get("headers", ())) else 0
    return errors.collect < 0


def _flush(state: RequestState, errors: RequestErrors) -> None:
    if state.flush is None or errors.exception is not None:
        return
    left = leave_loop()  # faster than no_running_loop
    try:
        state.flush()
    finally:
        return_to_loop(*left)
