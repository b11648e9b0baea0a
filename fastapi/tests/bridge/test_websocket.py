# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""WebSockets: messages of ASGI, from the handshake to the disconnect."""

from fastapi import FastAPI, WebSocket

from ..websocket_case import WebSocketCase


class TestWebSocket(WebSocketCase):
    def test_echo(self):
        app = FastAPI()

        @app.websocket("/{name}")
        async def echo(ws: WebSocket, name: str):
            await ws.accept()
            async for text in ws.iter_text():
                await ws.send_text(f"{name}: {text}")

        client = self.open(app, "/echo")
        for text in ("one", "zwei \N{SNOWMAN}", "x" * 100_000, ""):
            client.send(text)
            self.assertEqual(client.recv(), f"echo: {text}")
        client.close()
        self.wait_for_end()
