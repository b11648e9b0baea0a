# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import asyncio
import io

from odoo.tests import BaseCase

from ...bridge.exchange import CHUNK_SIZE, STREAM_SIZE, Exchange
from ...bridge.loops import borrow_loop

START = {"type": "http.response.start", "status": 200, "headers": []}
BODY = {"type": "http.response.body", "body": b"all"}
PART = {"type": "http.response.body", "body": b"part ", "more_body": True}


class TestExchange(BaseCase):
    def _run(self, app, body=b""):
        with borrow_loop() as loop:
            exchange = Exchange(app, {"type": "http"}, io.BytesIO(body), loop)
            exchange.body = exchange.run()
            if exchange.streaming:
                exchange.body = b"".join(exchange.chunks())
        return exchange

    def _send(self, *messages):
        """Run an app that sends ``messages``."""

        async def app(scope, receive, send):
            for message in messages:
                await send(message)

        return self._run(app)

    def _received(self, body):
        """Return the messages that ``receive`` makes of ``body``."""
        messages = []

        async def app(scope, receive, send):
            while True:
                messages.append(await receive())
                if not messages[-1]["more_body"]:
                    break
            await send(START)
            await send(BODY)

        self._run(app, body)
        return messages

    # response

    def test_start_and_body(self):
        headers = [(b"x-one", b"1"), (b"x-two", b"2")]
        exchange = self._send({**START, "status": 201, "headers": headers}, BODY)
        self.assertEqual(exchange.status, 201)
        self.assertEqual(exchange.headers, headers)
        self.assertEqual(exchange.body, b"all")
        self.assertTrue(exchange.complete)

    def test_body_in_parts(self):
        exchange = self._send(START, PART, PART, BODY)
        self.assertEqual(exchange.body, b"part part all")

    def test_start_without_headers(self):
        exchange = self._send({"type": "http.response.start", "status": 204}, BODY)
        self.assertEqual(exchange.headers, [])

    def test_headers_of_any_iterable(self):
        headers = (pair for pair in [(b"a", b"1"), (b"a", b"2")])
        exchange = self._send({**START, "headers": headers}, BODY)
        self.assertEqual(exchange.headers, [(b"a", b"1"), (b"a", b"2")])

    def test_body_message_without_body(self):
        exchange = self._send(START, {"type": "http.response.body"})
        self.assertEqual(exchange.body, b"")
        self.assertTrue(exchange.complete)

    def test_nothing_is_known_before_the_start(self):
        with borrow_loop() as loop:
            exchange = Exchange(None, {"type": "http"}, io.BytesIO(), loop)
        self.assertEqual(exchange.status, 0)
        self.assertFalse(exchange.complete)

    def test_response_that_is_a_stream(self):
        for size, streaming in (
            (None, True),
            (STREAM_SIZE + 1, True),
            (STREAM_SIZE, False),
            (8, False),
        ):
            with self.subTest(size):
                start = dict(START, headers=[])
                if size is not None:
                    start["headers"] = [(b"Content-Length", str(size).encode())]
                rest = b"x" * ((size or 8) - len(PART["body"]))
                exchange = self._send(start, PART, {**BODY, "body": rest})
                self.assertIs(exchange.streaming, streaming)
                self.assertEqual(exchange.body, PART["body"] + rest)
        # nothing follows the only chunk: not a stream
        self.assertFalse(self._send(dict(START, headers=[]), BODY).streaming)

    # wrong order

    def test_body_before_start(self):
        with self.assertRaisesRegex(RuntimeError, "http.response.body.*START"):
            self._send(BODY)

    def test_second_start(self):
        with self.assertRaisesRegex(RuntimeError, "http.response.start.*BODY"):
            self._send(START, START)

    def test_start_after_the_end(self):
        with self.assertRaisesRegex(RuntimeError, "http.response.start.*DONE"):
            self._send(START, BODY, START)

    def test_body_after_the_end(self):
        with self.assertRaisesRegex(RuntimeError, "http.response.body.*DONE"):
            self._send(START, BODY, BODY)

    def test_unknown_message(self):
        with self.assertRaisesRegex(RuntimeError, "http.response.nonsense"):
            self._send({"type": "http.response.nonsense"})

    def test_message_of_another_protocol(self):
        with self.assertRaisesRegex(RuntimeError, "websocket.accept"):
            self._send(START, {"type": "websocket.accept"})

    def test_no_response(self):
        with self.assertRaisesRegex(RuntimeError, "without a response"):
            self._send()

    def test_incomplete_response(self):
        with self.assertRaisesRegex(RuntimeError, "without completing"):
            self._send(START, PART)

    def test_start_without_body(self):
        with self.assertRaisesRegex(RuntimeError, "without completing"):
            self._send(START)

    def test_wrong_message_is_an_error_in_the_app_itself(self):
        errors = []

        async def app(scope, receive, send):
            await send(START)
            try:
                await send(START)
            except RuntimeError as err:
                errors.append(err)
            await send(BODY)

        exchange = self._run(app)
        self.assertEqual(len(errors), 1)
        self.assertTrue(exchange.complete)

    # exceptions

    def test_exception_before_the_start(self):
        error = ValueError("before")

        async def app(scope, receive, send):
            raise error

        with self.assertRaises(ValueError) as catcher:
            self._run(app)
        self.assertIs(catcher.exception, error)

    def test_exception_after_the_start(self):
        error = ValueError("after")

        async def app(scope, receive, send):
            await send(START)
            raise error

        with self.assertRaises(ValueError) as catcher:
            self._run(app)
        self.assertIs(catcher.exception, error)

    def test_exception_after_the_end(self):
        error = ValueError("late")

        async def app(scope, receive, send):
            await send(START)
            await send(BODY)
            raise error

        with self.assertRaises(ValueError) as catcher:
            self._run(app)
        self.assertIs(catcher.exception, error)

    # request

    def test_empty_request_body(self):
        self.assertEqual(
            self._received(b""),
            [{"type": "http.request", "body": b"", "more_body": False}],
        )

    def test_request_body_of_one_message(self):
        self.assertEqual(
            self._received(b"content"),
            [{"type": "http.request", "body": b"content", "more_body": False}],
        )

    def test_request_body_comes_in_chunks(self):
        content = bytes(range(256)) * (CHUNK_SIZE // 100)
        messages = self._received(content)
        self.assertEqual(b"".join(message["body"] for message in messages), content)
        self.assertGreater(len(messages), 1)
        self.assertLessEqual(
            max(len(message["body"]) for message in messages), CHUNK_SIZE
        )

    def test_request_body_of_exactly_two_chunks(self):
        content = b"x" * 2 * CHUNK_SIZE
        messages = self._received(content)
        self.assertEqual(b"".join(message["body"] for message in messages), content)

    def test_app_that_does_not_read_the_body(self):
        async def app(scope, receive, send):
            await send(START)
            await send(BODY)

        self.assertEqual(self._run(app, b"unread").body, b"all")

    def test_receive_after_the_body_waits_for_the_response(self):
        order = []

        async def app(scope, receive, send):
            await receive()
            listening = asyncio.Event()

            async def listen():
                listening.set()
                message = await receive()
                order.append(message["type"])

            listener = asyncio.create_task(listen())
            await listening.wait()
            await send(START)
            await send(PART)
            # the loop runs what is ready: a disconnect would arrive now
            for _turn in range(10):
                await asyncio.sleep(0)
            order.append("last part")
            await send(BODY)
            await listener

        self._run(app)
        self.assertEqual(order, ["last part", "http.disconnect"])

    def test_receive_after_the_response_is_a_disconnect(self):
        messages = []

        async def app(scope, receive, send):
            await receive()
            await send(START)
            await send(BODY)
            messages.append(await receive())
            messages.append(await receive())

        self._run(app)
        self.assertEqual(messages, [{"type": "http.disconnect"}] * 2)

    def test_cancelled_receive_leaves_the_next_one_alone(self):
        messages = []

        async def app(scope, receive, send):
            await receive()
            listener = asyncio.create_task(receive())
            await asyncio.sleep(0)
            listener.cancel()
            await asyncio.wait([listener])
            await send(START)
            await send(BODY)
            messages.append(await receive())

        self._run(app)
        self.assertEqual(messages, [{"type": "http.disconnect"}])
