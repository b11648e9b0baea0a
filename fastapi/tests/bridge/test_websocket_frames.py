# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Frames: what RFC 6455 asks of a server, and clients that break its rules."""

import asyncio
import socket
import threading
import time
from contextlib import suppress
from unittest.mock import Mock, patch

import anyio
from wsproto.connection import Connection
from wsproto.events import CloseConnection, TextMessage
from wsproto.utilities import LocalProtocolError

from ...bridge import websocket_protocol
from ...bridge.websocket_protocol import (
    MAX_FRAMES,
    MAX_KEPT,
    WebSocketLimits,
    WebSocketProtocol,
)
from ..bridge_case import TIMEOUT
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
            protocol._transport = Mock()
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
        client.send(PONG, b"that nobody asked for")
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


class TestPressure(FrameCase):
    def test_app_that_reads_slowly(self):
        """The client is stopped, and nothing is lost."""
        go_on = threading.Event()
        received = []

        async def app(scope, receive, send):
            await receive()
            await send({"type": "websocket.accept"})
            message = await receive()
            await anyio.to_thread.run_sync(go_on.wait)
            while message["type"] == "websocket.receive":
                received.append(len(message["bytes"]))
                if message["bytes"] == b"last":
                    await send({"type": "websocket.close"})
                message = await receive()

        client = self.open_raw(app)
        client.socket.settimeout(0.3)
        data = frame(BINARY, b"x" * 100_000)
        sent = 0
        with self.assertRaises(TimeoutError):
            while sent < SYSTEM_BUFFERS:
                client.socket.sendall(data)
                sent += len(data)
        protocol = self.get_protocol()
        self.wait_for(lambda: len(protocol._incoming) == 16)
        self.assertLess(
            len(protocol._frames._proto._frame_decoder.buffer),
            2**20,
        )
        go_on.set()

    def test_many_messages_in_one_read(self):
        """A chunk of the socket has more messages than the queue may hold."""
        sizes = []

        async def app(scope, receive, send):
            await receive()
            await send({"type": "websocket.accept"})
            protocol = self.get_protocol()
            for _number in range(1000):
                await receive()
                sizes.append(len(protocol._incoming))
            await send({"type": "websocket.close"})

        client = self.open_raw(app, limits={"queue": 4})
        client.socket.sendall(frame(TEXT, b"x") * 1000)
        self.assertEqual(client.read_close()[0], 1000)
        self.assertEqual(max(sizes), 4)

    def test_many_frames_in_one_read(self):
        """Other connections go on, while a client sends frames of one byte."""
        turns = []

        async def count():
            while True:
                turns.append(True)
                await asyncio.sleep(0)

        async def app(scope, receive, send):
            await receive()
            await send({"type": "websocket.accept"})
            await receive()
            task = asyncio.create_task(count())
            await send({**await receive(), "type": "websocket.send"})
            task.cancel()

        client = self.open_raw(app)
        client.send(TEXT, b"start")
        parts = [frame(BINARY, b"x", fin=False)]
        parts += [frame(CONTINUATION, b"y", fin=False)] * 6398
        client.socket.sendall(b"".join([*parts, frame(CONTINUATION, b"z")]))
        self.assertEqual(client.read(), (BINARY, b"x" + b"y" * 6398 + b"z"))
        # without the limit: one turn for each chunk that is read, so about two
        self.assertGreater(len(turns), 6400 / MAX_FRAMES / 4)

    def test_client_that_reads_slowly(self):
        """``send`` waits, so that the buffer stays small."""
        sent = []

        async def app(scope, receive, send):
            await receive()
            await send({"type": "websocket.accept"})
            for number in range(1000):
                await send({"type": "websocket.send", "bytes": b"x" * 100_000})
                sent.append(number)

        client = self.open_raw(app)
        protocol = self.get_protocol()
        self.wait_for(lambda: not protocol._writable.is_set())
        self.assertLess(len(sent) * 100_000, SYSTEM_BUFFERS)
        self.assertLess(protocol._transport.get_write_buffer_size(), 300_000)
        for _number in range(1000):
            opcode, payload = client.read()
            self.assertEqual((opcode, len(payload)), (BINARY, 100_000))
        self.assertEqual(client.read_close()[0], 1000)

    def test_client_that_never_reads(self):
        errors = []

        async def app(scope, receive, send):
            await receive()
            await send({"type": "websocket.accept"})
            try:
                while True:
                    await send({"type": "websocket.send", "bytes": b"x" * 100_000})
            except OSError as exc:
                errors.append(exc)

        client = self.open_raw(app, limits={"ping_interval": 0.2, "ping_timeout": 0.2})
        stop = time.monotonic() + TIMEOUT
        with self.assertRaises(OSError):
            while time.monotonic() < stop:  # it still sends, but that does not help
                client.send(PING, b"x" * 100)
                time.sleep(0.01)
        self.wait_for_end()
        self.assertEqual(len(errors), 1)

    def test_client_that_floods_with_pings(self):
        """Only the last ping of a client that does not read is answered."""

        async def app(scope, receive, send):
            await receive()
            await send({"type": "websocket.accept"})
            for _number in range(300):
                await send({"type": "websocket.send", "bytes": b"x" * 100_000})
            await receive()

        client = self.open_raw(app)
        protocol = self.get_protocol()
        self.wait_for(lambda: not protocol._writable.is_set())
        for number in range(5000):
            client.send(PING, str(number).encode())
        self.wait_for(lambda: protocol._ping == b"4999")
        self.assertLess(protocol._transport.get_write_buffer_size(), 300_000)
        pongs = []
        for _number in range(301):
            opcode, payload = client.read()
            if opcode == PONG:
                pongs.append(payload)
        self.assertEqual(pongs, [b"4999"])

    def test_pings_of_the_server(self):
        client = self.open_raw(echo, limits={"ping_interval": 0.1, "ping_timeout": 0.3})
        for _number in range(3):
            opcode, payload = client.read()
            self.assertEqual(opcode, PING)
            began = time.monotonic()
            client.send(PONG, payload)
        self.assertEqual(client.read()[0], PING)
        self.assertIsNone(client.read())
        self.assertGreater(time.monotonic() - began, 0.39)
        self.assertEqual(self.end_code(), 1006)

    def test_client_whose_messages_wait_is_not_cut(self):
        """The server does not read its pong."""
        go_on = threading.Event()

        async def app(scope, receive, send):
            await receive()
            await send({"type": "websocket.accept"})
            await anyio.to_thread.run_sync(go_on.wait)
            while (await receive())["text"] != "last":
                pass
            await send({"type": "websocket.send", "text": "all"})

        limits = {"ping_interval": 0.1, "ping_timeout": 0.1, "queue": 1}
        client = self.open_raw(app, limits=limits)
        client.send(TEXT, b"first")
        client.send(TEXT, b"last")
        protocol = self.get_protocol()
        self.wait_for(lambda: protocol._paused)
        checks = []
        check = protocol._check
        protocol._check = lambda: (checks.append(1), check())
        self.wait_for(lambda: len(checks) > 5)
        go_on.set()
        self.assertEqual(read_message(client), (TEXT, b"all"))

    def test_client_that_vanishes_while_its_messages_wait(self):
        """Neither its end nor what it has sent before is read."""

        async def app(scope, receive, send):
            await receive()
            await send({"type": "websocket.accept"})
            await anyio.sleep_forever()

        for name, size in (("a message", 10), ("more than fits", SYSTEM_BUFFERS)):
            with self.subTest(name):
                limits = {"ping_interval": 0.1, "queue": 1, "max_size": SYSTEM_BUFFERS}
                client = self.open_raw(app, limits=limits)
                client.send(TEXT, b"first")
                protocol = self.get_protocol()
                self.wait_for(lambda protocol=protocol: protocol._paused)
                client.socket.settimeout(0.3)
                with suppress(TimeoutError):
                    client.send(TEXT, b"x" * size)
                client.close()
                self.wait_for(protocol.over.is_set)
