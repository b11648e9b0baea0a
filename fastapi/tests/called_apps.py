# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the test client calls: an app, with what Odoo does before and after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from anyio import to_thread
from starlette.requests import HTTPConnection, Request
from werkzeug.test import create_environ

from odoo.modules.registry import DummyRLock, Registry
from odoo.service.model import retrying

from ..app.prepare import prepare_app
from ..auth.overrides import find_ways
from ..bridge import WsgiApp
from ..bridge.inline_threads import leave_loop, return_to_loop
from ..bridge.request_errors import original_exception
from ..bridge.request_state import STATE_KEY, RequestState
from ..context import odoo_env_ctx
from ..error_handlers import default_exception_handler
from ..exceptions import HandledError
from ..request_cycle import RequestCycle, build_response, collect
from ..transaction_errors import get_swallowed_error
from .savepoints import SavepointTransactions, savepoints
from .websocket_session import raise_exceptions, serve

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import Message, Receive, Scope, Send

    from odoo.api import Environment
    from odoo.http import Response
    from odoo.sql_db import BaseCursor

    from ..bridge import ResponseBody

__all__ = ["RaisingApp", "ServedApp"]


class RaisingApp:
    """An app whose exceptions reach the test as they were raised.

    :param app: app to call
    """

    serve_websocket = staticmethod(raise_exceptions)

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        env = odoo_env_ctx.get()
        headers = HTTPConnection(scope).headers
        header = headers.get("Accept-Language")
        lang = env["res.lang"]._get_lang_from_accept_language(header)
        if lang:
            env = env(context=dict(env.context, lang=lang))
        token = odoo_env_ctx.set(env)
        transaction = env.transaction
        default_env = transaction.default_env
        transaction.default_env = env  # pending changes are flushed as on the server
        for way in find_ways(self.app.dependency_overrides):
            prepare = way.prepare(headers)
            if prepare is not None:
                prepare()
        try:
            if scope["type"] == "websocket":
                await self.serve_websocket(self.app, scope, receive, send)
            else:
                await self._respond(scope, receive, send)
        finally:
            odoo_env_ctx.reset(token)
            transaction.default_env = default_env  # a handler may have set the caller's

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        error = None
        status = 0

        async def watch(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as exc:
            error = original_exception(exc)
        if error is None and status < 400:  # the server saves nothing after an error
            error = _flush(odoo_env_ctx.get().cr)
        if error is not None:  # not in the except block, which would set its context
            raise error


class ServedApp(RaisingApp):
    """An app as the server runs it, on savepoints instead of transactions."""

    serve_websocket = staticmethod(serve)

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        prepare_app(self.app)
        content = await Request(scope, receive).body()
        # The bridge needs a thread that runs no event loop. In Odoo's own runner, the
        # main thread holds the lock of the registries while it waits for that thread.
        with patch.object(Registry, "_lock", DummyRLock()):  # as Odoo's test mode
            start, body = await to_thread.run_sync(self._serve, scope, content)
        await send({"type": "http.response.start", **start})
        await send({"type": "http.response.body", "body": body})

    def _serve(self, scope: Scope, content: bytes) -> tuple[Message, bytes]:
        """Respond to a request like ``odoo.http.Request._serve_db``.

        :return: status and headers of the response as ASGI has them, and its body
        """
        env = odoo_env_ctx.get()
        with savepoints(env.cr):
            try:
                response = retrying(partial(self._attempt, env, scope, content), env)
            except Exception as exc:
                env.cr.rollback()
                response = self._respond_to_error(scope, content, exc)
                env.cr.rollback()
            start: list[Any] = []
            environ = create_environ(method=scope["method"])
            iterable: Any = response(environ, lambda *args: start.extend(args))
            chunks: list[bytes] = []
            # raised by a stream that has failed, which is logged
            with suppress(ConnectionAbortedError), closing(iterable):
                for chunk in iterable:
                    chunks.append(chunk)
        status, headers = start
        pairs = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers]
        return {"status": int(status[:3]), "headers": pairs}, b"".join(chunks)

    def _attempt(self, env: Environment, scope: Scope, content: bytes) -> Response:
        """Call the app, and raise what rolls the request back."""
        request = SimpleNamespace(env=env)
        cycle = RequestCycle(env, request, SavepointTransactions)
        state = RequestState(flush=cycle.flush)
        body, exc, build = self._call(scope, content, state)
        response = cycle.respond(body, state, exc, build)
        if response is not None:
            cycle.start_stream()
            return response
        if cycle.error_response is not None:
            raise HandledError(exc, cycle.error_response)
        raise exc

    def _respond_to_error(
        self, scope: Scope, content: bytes, exc: Exception
    ) -> Response:
        """Return the response to an exception, by the app if it has one."""
        if isinstance(exc, HandledError):
            return exc.error_response
        with suppress(Exception):
            body, _exc, build = self._call(scope, content, RequestState(injected=exc))
            if body.handled:
                return build(collect(body))
        response = default_exception_handler(Request({**scope, "app": self.app}), exc)
        headers = response.headers.items()
        return build_response(str(response.status_code), headers, [response.body])

    def _call(
        self, scope: Scope, content: bytes, state: RequestState
    ) -> tuple[ResponseBody, Any, Callable[[Iterable[bytes]], Response]]:
        """Call the app like the dispatcher.

        :return: the body, an exception of the app, and a function that makes the
            response
        """
        start: tuple[str, list[tuple[str, str]]] = "", []
        exc = None

        def start_response(status: str, headers: Any, exc_info: Any = None) -> None:
            nonlocal start, exc
            start = status[:3], headers
            exc = exc_info and exc_info[1]

        async def app(_scope: Scope, receive: Receive, send: Send) -> None:
            state.app = self.app
            # the bridge supports none of the client's extensions
            await self.app({**scope, "extensions": {}}, receive, send)

        scope = {**scope, STATE_KEY: state}
        environ = {**create_environ(data=content), STATE_KEY: state}
        body = WsgiApp(app)(environ, start_response)
        body.scope = scope
        return body, exc, partial(build_response, *start)


def _flush(cr: BaseCursor) -> Exception | None:
    """Flush pending changes, and return the error that would prevent the commit."""
    error = get_swallowed_error(cr)
    if error is not None or cr.closed:
        return error
    left = leave_loop()  # a computation may run a loop, as on the server
    try:
        cr.flush()
    except Exception as exc:
        return exc
    finally:
        return_to_loop(*left)
    return get_swallowed_error(cr)
