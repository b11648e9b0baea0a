# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The handshake of a WebSocket: it is a request until the app accepts."""

import asyncio
import json
import threading
from typing import Annotated
from unittest.mock import patch

from fastapi import Depends, FastAPI, HTTPException, WebSocket, WebSocketException
from fastapi.responses import JSONResponse
from starlette.websockets import WebSocketDisconnect
from werkzeug.exceptions import ServiceUnavailable

from odoo.exceptions import AccessError, ConcurrencyError

from ...app.prepare import EndpointFastAPI
from ...bridge import RequestState, WsgiApp, loops, stop_loops
from ...bridge.request_state import STATE_KEY
from ...bridge.websocket import WebSocketLimits
from ..websocket_case import HANDSHAKE, WebSocketCase, make_environ


def prepared(handler, **options):
    """Return an app with one route, as endpoints have it."""
    app = EndpointFastAPI(**options)
    app.websocket("/{name}")(handler)
    return app


async def accept(ws: WebSocket):
    await ws.accept()


class TestConnect(WebSocketCase):
    def refuse(self, app, path="/x", **more):
        """Return the exchange of a refused handshake, and its body."""
        exchange = self.connect(app, path, **more)
        self.assertFalse(exchange.accepted)
        self.assertTrue(exchange.handled)
        self.assertIn("application/json", dict(map(_lower, exchange.headers)).values())
        return exchange, json.loads(exchange.body)

    def test_scope(self):
        scopes = []

        async def app(scope, receive, send):
            scopes.append(scope)
            await receive()
            await send({"type": "websocket.accept"})

        exchange = WsgiApp(app, "/mount", {"key": 1}).connect(
            make_environ(
                "/mount/caf\N{LATIN SMALL LETTER E WITH ACUTE}",
                query="a=b",
                HTTP_SEC_WEBSOCKET_PROTOCOL="chat, v2.chat ,",
                HTTP_HOST="odoo.example",
                **HANDSHAKE | {"wsgi.url_scheme": "https"},
            ),
            WebSocketLimits(),
        )
        exchange.abort()
        (scope,) = scopes
        self.assertEqual(scope["type"], "websocket")
        self.assertEqual(scope["scheme"], "wss")
        self.assertEqual(scope["root_path"], "/mount")
        self.assertEqual(scope["path"], "/mount/caf\N{LATIN SMALL LETTER E WITH ACUTE}")
        self.assertEqual(scope["query_string"], b"a=b")
        self.assertEqual(scope["subprotocols"], ["chat", "v2.chat"])
        self.assertEqual(scope["extensions"], {"websocket.http.response": {}})
        self.assertEqual(scope["state"], {"key": 1})
        self.assertNotIn("method", scope)
        self.assertIn((b"host", b"odoo.example"), scope["headers"])

    def test_accept(self):
        async def handler(ws: WebSocket):
            await ws.accept(
                "v2.chat",
                [
                    (b"x-one", b"1"),
                    (b"set-cookie", b"a=b"),
                    (b"connection", b"close"),
                    (b"transfer-encoding", b"chunked"),
                    (b"content-length", b"9"),
                    (b"sec-websocket-extensions", b"permessage-deflate"),
                    (b"Sec-WebSocket-Protocol", b"chat"),
                ],
            )

        exchange = self.connect(
            prepared(handler), "/x", HTTP_SEC_WEBSOCKET_PROTOCOL="chat, v2.chat"
        )
        self.assertTrue(exchange.accepted)
        self.assertIsNone(exchange.exception)
        self.assertEqual(
            exchange.handshake_headers(),
            [
                ("Upgrade", "websocket"),
                ("Connection", "Upgrade"),
                # the example of RFC 6455, 1.3
                ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
                ("Sec-WebSocket-Protocol", "v2.chat"),
                ("x-one", "1"),
                ("set-cookie", "a=b"),
            ],
        )

    def test_subprotocol_that_was_not_offered(self):
        async def handler(ws: WebSocket):
            await ws.accept("chat")

        for offered in ({}, {"HTTP_SEC_WEBSOCKET_PROTOCOL": "v2.chat"}):
            exchange, body = self.refuse(prepared(handler), **offered)
            self.assertEqual(exchange.status, 500)
            self.assertEqual(body, {"detail": "Internal Server Error"})
            self.assertIn("has not offered 'chat'", str(exchange.exception))

    def test_refusal_by_close(self):
        async def close(ws: WebSocket, name: str):
            await ws.close(1008, "" if name == "silent" else "not today")

        async def raise_(ws: WebSocket, name: str):
            raise WebSocketException(1008, None if name == "silent" else "not today")

        for handler in (close, raise_):
            for name, detail in (("x", "not today"), ("silent", "Forbidden")):
                exchange, body = self.refuse(prepared(handler), f"/{name}")
                self.assertEqual(exchange.status, 403)
                self.assertEqual(body, {"detail": detail})
        self.assertIsInstance(exchange.exception, WebSocketException)  # a rollback

    def test_unknown_path(self):
        exchange, body = self.refuse(prepared(accept), "/a/b")
        self.assertEqual((exchange.status, body), (403, {"detail": "Forbidden"}))

    def test_refusal_by_response(self):
        async def handler(ws: WebSocket):
            await ws.send_denial_response(
                JSONResponse(["no"], 418, {"X-One": "1", "Connection": "close"})
            )

        exchange, body = self.refuse(prepared(handler))
        self.assertEqual((exchange.status, body), (418, ["no"]))
        self.assertIn(("x-one", "1"), exchange.headers)
        self.assertNotIn("connection", dict(exchange.headers))
        self.assertIsNone(exchange.exception)

    def test_exceptions(self):
        async def handler(ws: WebSocket, name: str):
            raise {
                "http": HTTPException(401, "who?", {"WWW-Authenticate": "Basic"}),
                "access": AccessError("secret"),
                "bug": ZeroDivisionError(),
            }[name]

        for name, status in (("http", 401), ("access", 403), ("bug", 500)):
            exchange, body = self.refuse(prepared(handler), f"/{name}")
            self.assertEqual(exchange.status, status)
            self.assertEqual(list(body), ["detail"])
            self.assertIsNotNone(exchange.exception.__traceback__)
            if name == "http":
                headers = dict(map(_lower, exchange.headers))
                self.assertEqual(headers["www-authenticate"], "Basic")
                self.assertEqual(body, {"detail": "who?"})

    def test_exception_of_a_dependency(self):
        def dependency():
            raise HTTPException(409, "taken")

        async def handler(ws: WebSocket, value: Annotated[None, Depends(dependency)]):
            raise AssertionError

        exchange, body = self.refuse(prepared(handler))
        self.assertEqual((exchange.status, body), (409, {"detail": "taken"}))

    def test_invalid_values(self):
        async def handler(ws: WebSocket, number: int):
            raise AssertionError

        exchange, body = self.refuse(prepared(handler), query="number=many")
        self.assertEqual(exchange.status, 422)
        self.assertEqual(body["detail"][0]["loc"], ["query", "number"])

    def test_exception_handlers_of_the_app(self):
        app = prepared(accept)

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

        exchange = self.connect(prepared(handler), "/x")
        self.assertFalse(exchange.accepted)
        self.assertFalse(exchange.handled)
        self.assertIsInstance(exchange.exception, ConcurrencyError)

    def test_flush_before_accept(self):
        log = []

        async def handler(ws: WebSocket):
            log.append("handler")
            await ws.accept()
            log.append("accepted")

        exchange = self.flush(prepared(handler), lambda: log.append("flush"))
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
            exchange = self.flush(prepared(handler), flush)
            self.assertFalse(exchange.accepted)
            self.assertEqual(exchange.status, 403)
            self.assertIsInstance(exchange.exception, AccessError)
            exchange = self.flush(prepared(handler), conflict)
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

        exchange, body = self.refuse(prepared(handler))
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

    def test_app_without_an_answer(self):
        async def nothing(scope, receive, send):
            await receive()

        async def half(scope, receive, send):
            await send({"type": "websocket.http.response.start", "status": 200})

        async def close_and_accept(scope, receive, send):
            await send({"type": "websocket.close"})
            await send({"type": "websocket.accept"})

        for app, text in (
            (nothing, "without accepting or refusing"),
            (half, "without accepting or refusing"),
            (close_and_accept, "'websocket.accept' in state DENIED"),
        ):
            exchange = self.connect(app)
            self.assertFalse(exchange.handled)
            self.assertIsInstance(exchange.exception, RuntimeError)
            self.assertIn(text, str(exchange.exception))

    def test_accept_in_another_task(self):
        async def handler(ws: WebSocket):
            await asyncio.gather(ws.accept())

        exchange, _body = self.refuse(prepared(handler))
        self.assertEqual(exchange.status, 500)
        self.assertIn("in the task that serves", str(exchange.exception))

    def test_client_that_disconnects_first(self):
        async def handler(ws: WebSocket):
            await ws.receive()
            messages.append(await ws.receive())
            raise WebSocketDisconnect

        messages: list = []
        server, client = self.socket_pair()
        client.close()
        exchange, _body = self.refuse(prepared(handler), socket=server)
        server.close()
        self.assertEqual(
            messages, [{"type": "websocket.disconnect", "code": 1006, "reason": ""}]
        )
        self.assertEqual(exchange.status, 400)  # not a 500, which would be logged

    def test_server_that_stops(self):
        async def handler(ws: WebSocket):
            asyncio.get_running_loop().call_later(0.01, stop_loops)
            await asyncio.Event().wait()

        self.enterContext(patch.object(loops, "_stop", threading.Event()))
        self.enterContext(patch.object(loops, "STOP_GRACE", 0.01))
        exchange = self.connect(prepared(handler), "/x")
        self.assertFalse(exchange.handled)
        self.assertIsInstance(exchange.exception, ServiceUnavailable)

    def test_abort(self):
        log = []

        async def resource():
            try:
                yield
            finally:
                await asyncio.sleep(0)
                log.append(("teardown", threading.get_ident()))

        async def handler(ws: WebSocket, value: Annotated[None, Depends(resource)]):
            try:
                await ws.accept()
            except asyncio.CancelledError:
                log.append("cancelled")
                raise
            log.append("accepted")

        exchange = self.connect(prepared(handler), "/x")
        self.assertTrue(exchange.accepted, exchange.exception)
        self.assertEqual(log, [])
        exchange.abort()
        self.assertEqual(log, ["cancelled", ("teardown", threading.get_ident())])
        exchange.abort()
        self.assertFalse(exchange.accepted)

    def test_without_preparation(self):
        """The bridge can run any ASGI app."""
        app = FastAPI()

        @app.websocket("/x")
        async def handler(ws: WebSocket):
            raise HTTPException(401, "who?")

        exchange, body = self.refuse(app)
        self.assertEqual((exchange.status, body), (401, {"detail": "who?"}))


def _lower(pair):
    return pair[0].lower(), pair[1]
