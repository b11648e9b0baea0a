# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import asyncio
import threading
import time
from contextlib import suppress

import anyio

from ...bridge.websocket_protocol import (
    MAX_FRAMES,
)
from ..bridge_case import TIMEOUT
from ..websocket_case import (
    BINARY,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    frame,
)
from .test_websocket_frames import SYSTEM_BUFFERS, FrameCase, echo, read_message


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
                time.sleep(0.01)  # less than the interval of pings
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
