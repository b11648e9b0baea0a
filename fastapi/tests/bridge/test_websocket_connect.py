# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The handshake of a WebSocket: it is a request until the app accepts."""

import asyncio
import threading
from typing import Annotated
from unittest.mock import patch

from fastapi import Depends, FastAPI, HTTPException, WebSocket, WebSocketException
from fastapi.responses import JSONResponse
from werkzeug.exceptions import ServiceUnavailable

from odoo.tools import mute_logger

from ...bridge import WsgiApp, loops, stop_loops
from ...bridge.websocket import WebSocketLimits
from ..websocket_case import HANDSHAKE, WebSocketCase, app_with, make_environ


class TestConnect(WebSocketCase):
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
            app_with(handler, "/{name}"),
            "/x",
            HTTP_SEC_WEBSOCKET_PROTOCOL="chat, v2.chat",
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
            exchange, body = self.refuse(app_with(handler, "/{name}"), **offered)
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
                exchange, body = self.refuse(app_with(handler, "/{name}"), f"/{name}")
                self.assertEqual(exchange.status, 403)
                self.assertEqual(body, {"detail": detail})
        self.assertIsInstance(exchange.exception, WebSocketException)  # a rollback

    def test_unknown_path(self):
        exchange, body = self.refuse(FastAPI(), "/a/b")
        self.assertEqual((exchange.status, body), (403, {"detail": "Forbidden"}))

    def test_refusal_by_response(self):
        async def handler(ws: WebSocket):
            await ws.send_denial_response(
                JSONResponse(["no"], 418, {"X-One": "1", "Connection": "close"})
            )

        exchange, body = self.refuse(app_with(handler, "/{name}"))
        self.assertEqual((exchange.status, body), (418, ["no"]))
        self.assertIn(("x-one", "1"), exchange.headers)
        self.assertNotIn("connection", dict(exchange.headers))
        self.assertIsNone(exchange.exception)

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

        exchange, _body = self.refuse(app_with(handler, "/{name}"))
        self.assertEqual(exchange.status, 500)
        self.assertIn("in the task that serves", str(exchange.exception))

    def test_server_that_stops(self):
        async def handler(ws: WebSocket):
            asyncio.get_running_loop().call_later(0.01, stop_loops)
            await asyncio.Event().wait()

        self.enterContext(patch.object(loops, "_stop", threading.Event()))
        self.enterContext(patch.object(loops, "STOP_GRACE", 0.01))
        with mute_logger("odoo.addons.fastapi.bridge.loops"):
            exchange = self.connect(app_with(handler, "/{name}"), "/x")
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

        exchange = self.connect(app_with(handler, "/{name}"), "/x")
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
