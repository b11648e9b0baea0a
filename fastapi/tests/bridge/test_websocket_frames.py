# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Frames: what RFC 6455 asks of a server, and clients that break its rules."""

import asyncio
import socket
from unittest.mock import Mock, patch

from wsproto.connection import Connection
from wsproto.events import CloseConnection, TextMessage
from wsproto.utilities import LocalProtocolError

from ...bridge import websocket_protocol
from ...bridge.websocket_protocol import (
    MAX_KEPT,
    WebSocketLimits,
    WebSocketProtocol,
)
from ..websocket_case import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    WebSocketCase,
    frame,
)

#: Most bytes that the system keeps for a client that does not read, and for a server.
SYSTEM_BUFFERS = 32 * 1024 * 1024


async def echo(scope, receive, send):
    """Send each message back."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({**message, "type": "websocket.send"})


def read_message(client):
    """Return the next frame that is not a ping."""
    while (found := client.read()) is not None and found[0] == PING:
        pass
    return found


class FrameCase(WebSocketCase):
    def end_code(self):
        """Wait for the end, and return the code that the app gets."""
        self.wait_for_end()
        return self.get_protocol().disconnect["code"]


class TestFrames(FrameCase):
    def open_echo(self, first=b"", **limits):
        return self.open_raw(echo, limits=limits, first=first)

    def test_lengths(self):
        client = self.open_echo()
        for size in (0, 1, 125, 126, 127, 65535, 65536, 1024 * 1024):
            client.send(BINARY, b"x" * size)
            opcode, payload = client.read()
            self.assertEqual((opcode, len(payload)), (BINARY, size))

    def test_repeated_messages(self):
        clients = [self.open_echo(), self.open_echo()]
        long = "ü" * (MAX_KEPT + 1)
        for text in ("a", "a", "ü", "ü", "", "", long, long, "a"):
            for client in clients:
                for opcode in (TEXT, BINARY):
                    client.send(opcode, text.encode())
                    self.assertEqual(client.read(), (opcode, text.encode()))
            self.assertLessEqual(len(websocket_protocol._last_text[0]), MAX_KEPT)

    def test_a_text_for_many_clients_is_serialized_once(self):
        clients = [self.open_echo() for _client in range(3)]
        with patch.object(
            Connection, "send", autospec=True, side_effect=Connection.send
        ) as send:
            for client in clients:
                client.send(TEXT, b"for all of them")
                self.assertEqual(client.read(), (TEXT, b"for all of them"))
        events = [call.args[1] for call in send.call_args_list]
        self.assertEqual(events, [TextMessage("for all of them")])

    def test_a_repeated_text_after_the_close_frame(self):
        async def send_after_close():
            protocol = WebSocketProtocol(WebSocketLimits(), b"", Mock())
            protocol._transport = Mock(is_closing=lambda: False)
            await protocol.send("again")
            protocol._frames.send(CloseConnection(1000))
            with self.assertRaises(LocalProtocolError):
                await protocol.send("again")

        asyncio.run(send_after_close())

    def test_bytes_that_come_one_by_one(self):
        client = self.open_echo()
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in frame(TEXT, b"slow"):
            client.socket.sendall(bytes([byte]))
        self.assertEqual(client.read(), (TEXT, b"slow"))

    def test_frames_that_come_with_the_handshake(self):
        first = frame(TEXT, b"one") + frame(TEXT, b"two")
        client = self.open_echo(first=first)
        client.send(TEXT, b"three")
        self.assertEqual([client.read()[1] for _n in "123"], [b"one", b"two", b"three"])

    def test_fragments(self):
        client = self.open_echo()
        snowman = "\N{SNOWMAN}".encode()
        client.send(TEXT, b"a" + snowman[:1], fin=False)
        client.send(PING, b"between")
        self.assertEqual(client.read(), (PONG, b"between"))
        client.send(CONTINUATION, b"", fin=False)
        client.send(CONTINUATION, snowman[1:] + b"b", fin=True)
        self.assertEqual(client.read(), (TEXT, b"a" + snowman + b"b"))
        client.send(BINARY, b"", fin=False)
        client.send(CONTINUATION, b"")
        self.assertEqual(client.read(), (BINARY, b""))

    def test_pings(self):
        client = self.open_echo()
        client.send(PONG, b"unasked")
        for payload in (b"", b"x" * 125):
            client.send(PING, payload)
            self.assertEqual(client.read(), (PONG, payload))

    def test_too_big(self):
        for parts in ([b"x" * 1001], [b"x" * 500] * 3, ["\N{SNOWMAN}".encode() * 334]):
            with self.subTest(len(parts)):
                client = self.open_echo(max_size=1000)
                client.send(TEXT, b"y" * 1000)
                self.assertEqual(client.read(), (TEXT, b"y" * 1000))
                for number, part in enumerate(parts, 1):
                    opcode = TEXT if number == 1 else CONTINUATION
                    client.send(opcode, part, fin=number == len(parts))
                text = "A message has more than 1000 bytes."
                self.assertEqual(client.read_close(), (1009, text))
                self.assertIsNone(client.read())
                client.close()
                self.assertEqual(self.end_code(), 1009)

    def test_too_big_before_it_is_complete(self):
        client = self.open_echo(max_size=1000)
        client.socket.sendall(frame(BINARY, b"x" * 100_000)[:5000])
        self.assertEqual(client.read_close()[0], 1009)

    def test_broken_frames(self):
        snowman = "\N{SNOWMAN}".encode()
        for name, code, data in (
            ("unmasked", 1002, frame(TEXT, b"x", masked=False)),
            ("opcode 3", 1002, frame(3, b"x")),
            ("opcode 11", 1002, frame(11, b"x")),
            ("reserved bit 1", 1002, frame(TEXT, b"x", reserved=4)),
            ("reserved bit 3", 1002, frame(PING, b"x", reserved=1)),
            ("long ping", 1002, frame(PING, b"x" * 126)),
            ("ping in fragments", 1002, frame(PING, b"x", fin=False)),
            ("long length", 1002, b"\x81\xfe\x00\x05"),
            ("longer length", 1002, b"\x81\xff" + (9).to_bytes(8, "big")),
            ("length below zero", 1002, b"\x81\xff\x80" + bytes(7)),
            ("nothing to continue", 1002, frame(CONTINUATION, b"x")),
            (
                "text in a message",
                1002,
                frame(TEXT, b"x", fin=False) + frame(TEXT, b"x"),
            ),
            ("UTF-8", 1007, frame(TEXT, b"\xff")),
            ("surrogate", 1007, frame(TEXT, b"\xed\xa0\x80")),
            ("end of UTF-8", 1007, frame(TEXT, snowman[:2])),
            (
                "UTF-8 in fragments",
                1007,
                frame(TEXT, snowman[:2], fin=False) + frame(CONTINUATION, b"x"),
            ),
            ("close with one byte", 1002, frame(CLOSE, b"x")),
            ("close with 1005", 1002, frame(CLOSE, (1005).to_bytes(2, "big"))),
            ("close with 2000", 1002, frame(CLOSE, (2000).to_bytes(2, "big"))),
            ("close with UTF-8", 1007, frame(CLOSE, b"\x03\xe8\xff")),
            ("long close", 1002, frame(CLOSE, b"\x03\xe8" + b"x" * 124)),
        ):
            with self.subTest(name):
                client = self.open_echo()
                client.socket.sendall(data)
                self.assertEqual(client.read_close()[0], code)
                self.assertIsNone(client.read())
                client.close()
                self.assertEqual(self.end_code(), code)

    def test_close_is_answered(self):
        for payload in (b"", b"\x03\xe8", b"\x0f\xa1bye"):
            client = self.open_echo()
            client.send(CLOSE, payload)
            self.assertEqual(client.read(), (CLOSE, payload))
            self.assertIsNone(client.read())
            self.wait_for_end()

    def test_messages_before_the_close_frame_arrive(self):
        texts = []

        async def app(scope, receive, send):
            await send({"type": "websocket.accept"})
            while (message := await receive())["type"] != "websocket.disconnect":
                texts.append(message.get("text"))

        client = self.open_raw(app, limits={"queue": 2})
        count = 1000
        for number in range(count):
            client.send(TEXT, str(number).encode())
        client.send(CLOSE, b"\x03\xe8")
        self.assertEqual(client.read_close(), (1000, ""))
        self.wait_for_end()
        self.assertEqual(texts[1:], list(map(str, range(count))))
