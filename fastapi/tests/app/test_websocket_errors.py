# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=translation-required
"""Exceptions before a WebSocket is accepted: responses as those of a request."""

from typing import Annotated

from fastapi import Depends, HTTPException, WebSocket
from fastapi.responses import JSONResponse
from starlette.websockets import WebSocketDisconnect

from odoo.exceptions import AccessError, ConcurrencyError

from ...app.prepare import EndpointFastAPI, copy_app
from ...bridge import RequestState
from ...bridge.request_state import STATE_KEY
from ..websocket_case import WebSocketCase, app_with


async def accept(ws: WebSocket):
    await ws.accept()


class TestErrors(WebSocketCase):
    def test_exceptions(self):
        async def handler(ws: WebSocket, name: str):
            raise {
                "http": HTTPException(401, "who?", {"WWW-Authenticate": "Basic"}),
                "access": AccessError("secret"),
                "bug": ZeroDivisionError(),
            }[name]

        for name, status in (("http", 401), ("access", 403), ("bug", 500)):
            exchange, body = self.refuse(app_with(handler, "/{name}"), f"/{name}")
            self.assertEqual(exchange.status, status)
            self.assertEqual(list(body), ["detail"])
            self.assertIsNotNone(exchange.exception.__traceback__)
            if name == "http":
                self.assertIn(("www-authenticate", "Basic"), exchange.headers)
                self.assertEqual(body, {"detail": "who?"})

    def test_exception_of_a_dependency(self):
        def dependency():
            raise HTTPException(409, "taken")

        async def handler(ws: WebSocket, value: Annotated[None, Depends(dependency)]):
            raise AssertionError

        exchange, body = self.refuse(app_with(handler, "/{name}"))
        self.assertEqual((exchange.status, body), (409, {"detail": "taken"}))

    def test_invalid_values(self):
        async def handler(ws: WebSocket, number: int):
            raise AssertionError

        exchange, body = self.refuse(app_with(handler, "/{name}"), query="number=many")
        self.assertEqual(exchange.status, 422)
        self.assertEqual(body["detail"][0]["loc"], ["query", "number"])

    def test_unknown_path(self):
        app = app_with(accept, "/{name}")
        app.get("/http/only")(lambda: None)
        for path in ("/other/path", "/http/only"):
            exchange, body = self.refuse(app, path)
            self.assertEqual(exchange.status, 404)
            self.assertEqual(body, {"detail": "There is no WebSocket at this path."})

    def test_default_of_the_app(self):
        """An app decides itself about unknown paths if its router has a default."""

        async def respond(scope, receive, send):
            await JSONResponse("no", 418)(scope, receive, send)

        app = EndpointFastAPI()
        app.router.default = respond
        exchange, body = self.refuse(copy_app(app))
        self.assertEqual((exchange.status, body), (418, "no"))

    def test_exception_handlers_of_the_app(self):
        app = app_with(accept, "/{name}")

        @app.exception_handler(KeyError)
        def respond(ws: WebSocket, exc: Exception):
            return JSONResponse({"missing": str(exc)}, 404)

        @app.exception_handler(Exception)
        async def respond_to_others(ws: WebSocket, exc: Exception):
            return JSONResponse({"bug": ws.url.path}, 502)

        @app.websocket("/fail/{name}")
        async def fail(ws: WebSocket, name: str):
            raise {"key": KeyError(1), "bug": ZeroDivisionError()}[name]

        exchange, body = self.refuse(app, "/fail/key")
        self.assertEqual((exchange.status, body), (404, {"missing": "1"}))
        self.assertIsInstance(exchange.exception, KeyError)
        exchange, body = self.refuse(app, "/fail/bug")
        self.assertEqual((exchange.status, body), (502, {"bug": "/fail/bug"}))
        self.assertIsInstance(exchange.exception, ZeroDivisionError)

    def test_conflict_is_replayed(self):
        async def handler(ws: WebSocket):
            raise ConcurrencyError("conflict")

        exchange = self.connect(app_with(handler, "/{name}"), "/x")
        self.assertFalse(exchange.accepted)
        self.assertFalse(exchange.handled)
        self.assertIsInstance(exchange.exception, ConcurrencyError)

    def test_flush_before_accept(self):
        log = []

        async def handler(ws: WebSocket):
            log.append("handler")
            await ws.accept()
            log.append("accepted")

        exchange = self.flush(app_with(handler, "/{name}"), lambda: log.append("flush"))
        self.assertTrue(exchange.accepted)
        self.assertEqual(log, ["handler", "flush"])

    def test_flush_that_fails(self):
        async def refuse(ws: WebSocket):
            await ws.close()

        def flush():
            raise AccessError("no")

        def conflict():
            raise ConcurrencyError("conflict")

        for handler in (accept, refuse):
            exchange = self.flush(app_with(handler, "/{name}"), flush)
            self.assertFalse(exchange.accepted)
            self.assertEqual(exchange.status, 403)
            self.assertIsInstance(exchange.exception, AccessError)
            exchange = self.flush(app_with(handler, "/{name}"), conflict)
            self.assertFalse(exchange.handled)

    def flush(self, app, flush):
        state = RequestState(flush=flush)
        return self.connect(app, "/x", **{STATE_KEY: state})

    def test_teardown_that_fails_after_a_refusal(self):
        def resource():
            yield
            raise HTTPException(409, "teardown")

        async def handler(ws: WebSocket, value: Annotated[None, Depends(resource)]):
            await ws.close()

        exchange, body = self.refuse(app_with(handler, "/{name}"))
        self.assertEqual((exchange.status, body), (409, {"detail": "teardown"}))

    def test_exception_that_a_middleware_swallows(self):
        class Swallow:
            def __init__(self, app):
                self.app = app

            async def __call__(self, scope, receive, send):
                try:
                    await self.app(scope, receive, send)
                except ZeroDivisionError:
                    await send({"type": "websocket.accept"})

        app = EndpointFastAPI()
        app.add_middleware(Swallow)

        @app.websocket("/x")
        async def fail(ws: WebSocket):
            raise ZeroDivisionError

        exchange = self.connect(app, "/x")
        self.assertFalse(exchange.accepted)
        self.assertFalse(exchange.handled)
        self.assertIsInstance(exchange.exception, ZeroDivisionError)

    def test_middleware_sees_the_exception_and_the_response(self):
        log = []

        class Watch:
            def __init__(self, app):
                self.app = app

            async def __call__(self, scope, receive, send):
                async def watch(message):
                    log.append(message["type"])
                    await send(message)

                try:
                    await self.app(scope, receive, watch)
                except ZeroDivisionError:
                    log.append("exception")
                    raise

        app = EndpointFastAPI()
        app.add_middleware(Watch)

        @app.websocket("/x")
        async def fail(ws: WebSocket):
            raise ZeroDivisionError

        self.refuse(app, "/x")
        start = "websocket.http.response.start"
        self.assertEqual(log, ["exception", start, "websocket.http.response.body"])

    def test_client_that_disconnects_first(self):
        async def handler(ws: WebSocket):
            await ws.receive()
            messages.append(await ws.receive())
            raise WebSocketDisconnect

        messages: list = []
        server, client = self.socket_pair()
        client.close()
        exchange, _body = self.refuse(app_with(handler, "/{name}"), socket=server)
        server.close()
        self.assertEqual(
            messages, [{"type": "websocket.disconnect", "code": 1006, "reason": ""}]
        )
        self.assertEqual(exchange.status, 400)  # not a 500, which would be logged
