# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""WebSockets after the handshake: messages, the end of the app and of the client."""

import asyncio
import threading

from fastapi import FastAPI, HTTPException, WebSocket, WebSocketException
from websocket import ABNF, WebSocketConnectionClosedException

from ...app.prepare import EndpointFastAPI
from ..bridge_case import TIMEOUT
from ..websocket_case import CLOSE, WebSocketCase

LOGGER = "odoo.http"


class TestWebSocket(WebSocketCase):
    def serve(self, handler, path="/", limits=None, **options):
        """Return a client of an app with one route."""
        app = EndpointFastAPI()
        app.websocket("/{rest:path}")(handler)
        return self.open(app, path, limits, **options)

    def close_code(self, client):
        """Return the code of the close frame that comes next."""
        opcode, payload = client.recv_data()
        self.assertEqual(opcode, CLOSE)
        return int.from_bytes(payload[:2], "big")

    def test_text(self):
        async def echo(ws: WebSocket):
            await ws.accept()
            async for text in ws.iter_text():
                await ws.send_text(f"{ws.url.path}: {text}")

        client = self.serve(echo, "/room")
        for text in ("one", "zwei \N{SNOWMAN}", "x" * 100_000, ""):
            client.send(text)
            self.assertEqual(client.recv(), f"/room: {text}")
        client.close()
        self.wait_for_end()

    def test_bytes_and_json(self):
        async def handler(ws: WebSocket):
            await ws.accept()
            await ws.send_bytes((await ws.receive_bytes())[::-1])
            await ws.send_json([await ws.receive_json()])
            await ws.send_json(await ws.receive_json("binary"), "binary")
            await ws.close(4001, "enough")

        client = self.serve(handler)
        client.send_binary(b"\0\xff")
        self.assertEqual(client.recv(), b"\xff\0")
        client.send('{"a": 1}')
        self.assertEqual(client.recv(), '[{"a":1}]')
        client.send_binary(b"[2]")
        self.assertEqual(client.recv(), b"[2]")
        opcode, payload = client.recv_data()
        self.assertEqual(opcode, CLOSE)
        self.assertEqual(payload, (4001).to_bytes(2, "big") + b"enough")
        self.wait_for_end()

    def test_disconnect_of_the_client(self):
        messages = []

        async def handler(ws: WebSocket):
            await ws.accept()
            for _number in range(3):
                messages.append(await ws._receive())

        client = self.serve(handler)
        client.send("before")
        client.close(4321, b"bye")
        self.wait_for_end()
        disconnect = {"type": "websocket.disconnect", "code": 4321, "reason": "bye"}
        expected = [{"type": "websocket.receive", "text": "before"}]
        self.assertEqual(messages, [*expected, disconnect, disconnect])

    def test_client_that_vanishes(self):
        codes = []

        async def handler(ws: WebSocket):
            await ws.accept()
            message = await ws.receive()
            codes.append((message["code"], message["reason"]))

        self.serve(handler).shutdown()
        self.wait_for_end()
        self.assertEqual(codes, [(1006, "")])

    def test_close_frame_without_code(self):
        codes = []

        async def handler(ws: WebSocket):
            await ws.accept()
            codes.append((await ws.receive())["code"])

        client = self.serve(handler)
        client.send(b"", ABNF.OPCODE_CLOSE)
        self.wait_for_end()
        self.assertEqual(codes, [1005])

    def test_send_after_the_disconnect(self):
        errors = []

        async def handler(ws: WebSocket):
            await ws.accept()
            await ws.receive()
            for _attempt in range(2):
                try:
                    await ws._send({"type": "websocket.send", "text": "late"})
                except OSError as exc:
                    errors.append(str(exc))
            await ws._send({"type": "websocket.close"})  # nothing to do

        self.serve(handler).close()
        self.wait_for_end()
        self.assertEqual(errors, ["The client has disconnected."] * 2)

    def test_disconnect_that_leaves_the_handler(self):
        async def handler(ws: WebSocket):
            await ws.accept()
            while True:
                await ws.receive_text()

        client = self.serve(handler)
        with self.assertNoLogs(LOGGER, "WARNING"):
            client.close()
            self.wait_for_end()

    def test_send_that_fails_in_the_handler(self):
        async def handler(ws: WebSocket):
            await ws.accept()
            while True:
                await ws.send_text("x" * 10_000)

        client = self.serve(handler)
        with self.assertNoLogs(LOGGER, "WARNING"), self.assertNoLogs("asyncio"):
            client.shutdown()
            self.wait_for_end()

    def test_handler_that_returns(self):
        async def handler(ws: WebSocket):
            await ws.accept()

        self.assertEqual(self.close_code(self.serve(handler)), 1000)
        self.wait_for_end()

    def test_handler_that_fails(self):
        async def handler(ws: WebSocket):
            await ws.accept()
            raise ZeroDivisionError("in the handler")

        with self.assertLogs(LOGGER, "ERROR") as logs:
            client = self.serve(handler, "/there")
            self.assertEqual(self.close_code(client), 1011)
            self.wait_for_end()
        (record,) = logs.records
        self.assertEqual(
            record.getMessage(),
            "WebSocket /{rest} (endpoint API): ZeroDivisionError: in the handler",
        )
        self.assertIs(record.exc_info[0], ZeroDivisionError)

    def test_http_exception_after_accept(self):
        async def handler(ws: WebSocket):
            await ws.accept()
            raise HTTPException(404, "too late")

        with self.assertLogs(LOGGER, "ERROR") as logs:
            self.assertEqual(self.close_code(self.serve(handler)), 1011)
            self.wait_for_end()
        (record,) = logs.records
        self.assertIn("HTTPException: 404: too late", record.getMessage())

    def test_websocket_exception_after_accept(self):
        async def handler(ws: WebSocket):
            await ws.accept()
            raise WebSocketException(4004, "no such room")

        client = self.serve(handler)
        with self.assertNoLogs(LOGGER, "WARNING"):
            opcode, payload = client.recv_data()
            self.wait_for_end()
        self.assertEqual((opcode, payload[2:]), (CLOSE, b"no such room"))
        self.assertEqual(int.from_bytes(payload[:2], "big"), 4004)

    def test_exception_handler_after_accept(self):
        app, calls = EndpointFastAPI(), []

        @app.exception_handler(KeyError)
        async def close(ws: WebSocket, exc: Exception):
            calls.append(type(exc))
            await ws.close(4005)

        @app.exception_handler(ValueError)
        def respond(ws: WebSocket, exc: Exception):
            calls.append(type(exc))
            return HTTPException  # no use

        @app.websocket("/{name}")
        async def handler(ws: WebSocket, name: str):
            await ws.accept()
            raise {"key": KeyError, "value": ValueError}[name](name)

        self.assertEqual(self.close_code(self.open(app, "/key")), 4005)
        self.assertEqual(calls, [KeyError])
        with self.assertLogs(LOGGER, "ERROR") as logs:
            self.assertEqual(self.close_code(self.open(app, "/value")), 1011)
            self.wait_for_end()
        self.assertEqual(len(logs.records), 1)
        self.assertEqual(calls, [KeyError, ValueError])

    def test_messages_out_of_order(self):
        errors = []

        async def handler(ws: WebSocket):
            for message in (
                {"type": "websocket.send", "text": "too early"},
                {"type": "http.response.start"},
            ):
                with self.assertRaises(RuntimeError) as caught:
                    await ws._send(message)
                errors.append(str(caught.exception))
            await ws.accept()
            for message in (
                {"type": "websocket.accept"},
                {"type": "websocket.http.response.start", "status": 200},
                {"type": "websocket.close"},
                {"type": "websocket.close"},
                {"type": "websocket.send", "text": "too late"},
            ):
                try:
                    await ws._send(message)
                except RuntimeError as exc:
                    errors.append(str(exc))

        self.assertEqual(self.close_code(self.serve(handler)), 1000)
        self.wait_for_end()
        self.assertEqual(
            errors,
            [
                f"Unexpected ASGI message {kind!r} in state {state}."
                for kind, state in (
                    ("websocket.send", "CONNECTING"),
                    ("http.response.start", "CONNECTING"),
                    ("websocket.accept", "OPEN"),
                    ("websocket.http.response.start", "OPEN"),
                    ("websocket.close", "CLOSED"),
                    ("websocket.send", "CLOSED"),
                )
            ],
        )

    def test_close_codes(self):
        async def handler(ws: WebSocket):
            await ws.accept()
            for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65536):
                with self.assertRaisesRegex(ValueError, f"^{code} is not a close"):
                    await ws._send({"type": "websocket.close", "code": code})
            await ws.close(1013, "\N{SNOWMAN}" * 100)

        opcode, payload = self.serve(handler).recv_data()
        self.assertEqual((opcode, payload[:2]), (CLOSE, (1013).to_bytes(2, "big")))
        self.assertEqual(payload[2:].decode(), "\N{SNOWMAN}" * 41)  # 123 bytes
        self.wait_for_end()

    def test_close_by_another_thread(self):
        codes, ready = [], threading.Event()

        async def handler(ws: WebSocket):
            await ws.accept()
            await ws.receive_text()
            ready.set()
            message = await ws.receive()
            codes.append((message["code"], message["reason"]))

        client = self.serve(handler)
        client.send("ready")
        self.assertTrue(ready.wait(TIMEOUT))
        (exchange,) = self.exchanges
        with self.assertRaises(ValueError):
            exchange.close(1006)
        exchange.close(1012, "changed")
        exchange.close(1001)
        opcode, payload = client.recv_data()
        self.assertEqual((opcode, payload), (CLOSE, b"\x03\xf4changed"))
        self.wait_for_end()
        exchange.close(1012)
        self.assertEqual(codes, [(1012, "changed")])

    def test_client_that_does_not_answer_a_close_frame(self):
        async def handler(ws: WebSocket):
            await ws.accept()

        app = EndpointFastAPI()
        app.websocket("/")(handler)
        client = self.open_raw(app, limits={"close_timeout": 0.1})
        self.assertEqual(client.read_close(), (1000, ""))
        self.wait_for_end()
        self.assertIsNone(client.read())

    def test_broadcast_to_connections_and_from_requests(self):
        """FastAPI's tutorial: a manager sends to all; a request may do it, too."""
        app, sockets = FastAPI(), []

        async def broadcast(text):
            for ws in sockets:
                await ws.send_text(text)

        @app.websocket("/")
        async def chat(ws: WebSocket):
            await ws.accept()
            sockets.append(ws)
            await broadcast("joined")
            async for text in ws.iter_text():
                await broadcast(text)

        @app.post("/")
        async def post() -> None:
            await broadcast("posted")

        one = self.open(app)
        self.assertEqual(one.recv(), "joined")
        two = self.open(app)
        self.assertEqual([one.recv(), two.recv()], ["joined", "joined"])
        two.send("hello")
        self.assertEqual([one.recv(), two.recv()], ["hello", "hello"])
        self.assertEqual(self.call(app, method="POST").code, 200)
        self.assertEqual([one.recv(), two.recv()], ["posted", "posted"])

    def test_receiving_task_and_sending_task(self):
        async def handler(ws: WebSocket):
            await ws.accept()
            queue: asyncio.Queue = asyncio.Queue()

            async def read():
                async for text in ws.iter_text():
                    await queue.put(text)
                await queue.put(None)

            reader = asyncio.create_task(read())
            while (text := await queue.get()) is not None:
                await ws.send_text(text.upper())
            await reader

        client = self.serve(handler)
        client.send("a")
        self.assertEqual(client.recv(), "A")
        client.close()
        self.wait_for_end()
        with self.assertRaises(WebSocketConnectionClosedException):
            client.recv()
