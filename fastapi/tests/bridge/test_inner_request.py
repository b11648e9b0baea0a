# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import asyncio
import gc
import weakref

from odoo.tests import BaseCase

from ...bridge import InnerRequest, RequestState
from ...bridge.request_errors import RequestErrors
from ...bridge.request_state import STATE_KEY

START = {"type": "http.response.start", "status": 201, "headers": [(b"x-a", b"1")]}
BODY = {"type": "http.response.body", "body": b"all"}
PART = {"type": "http.response.body", "body": b"part ", "more_body": True}


class TestInnerRequest(BaseCase):
    def setUp(self):
        super().setUp()
        self.state = RequestState()
        self.errors = self.state.errors = RequestErrors()
        self.errors.exchange = self.outer = object()

    def _run(self, app, body=b"", respond=None, **options):
        scope = {"type": "http", STATE_KEY: self.state}
        inner = InnerRequest(scope, body, **options)
        self.errors.respond = respond

        async def receive():
            return {"type": "http.disconnect"}

        asyncio.run(inner.run(app, receive))
        return inner

    def _send(self, *messages, **options):
        """Run an app that sends ``messages``."""

        async def app(scope, receive, send):
            for message in messages:
                await send(message)

        return self._run(app, **options)

    def test_response(self):
        inner = self._send(START, BODY)
        self.assertEqual(inner.status, 201)
        self.assertEqual(inner.headers, START["headers"])
        self.assertEqual(inner.content, b"all")
        self.assertEqual(inner.size, 3)
        self.assertTrue(inner.complete)
        self.assertIsNone(self.errors.exception)

    def test_is_in_the_state(self):
        seen = []

        async def app(scope, receive, send):
            seen.append((self.state.inner, self.errors.exchange))
            await send(START)
            await send(BODY)

        inner = self._run(app)
        self.assertEqual(seen, [(inner, inner)])
        self.assertIs(self.state.inner, inner)
        self.assertIs(self.errors.exchange, self.outer)

    def test_request_body_then_the_client_disconnects(self):
        messages = []

        async def app(scope, receive, send):
            messages.extend([await receive(), await receive()])
            await send(START)
            await send(BODY)

        self._run(app, body=b"text")
        self.assertEqual(messages[0]["body"], b"text")
        self.assertFalse(messages[0]["more_body"])
        self.assertEqual(messages[1]["type"], "http.disconnect")

    def test_exception_is_recorded_and_gets_its_response(self):
        error = ValueError()
        sends = []

        async def app(scope, receive, send):
            sends.append(send)
            raise error

        async def respond(scope, receive, exc):
            self.assertIs(exc, error)
            self.assertTrue(self.errors.exchange.discard())
            await sends[0]({**START, "status": 500})
            await sends[0](BODY)

        inner = self._run(app, respond=respond)
        self.assertIs(self.errors.exception, error)
        self.assertEqual(inner.status, 500)
        self.assertTrue(inner.complete)

    def test_exception_of_the_exception_handler(self):
        """It is recorded, and does not get to the caller, which could show it."""
        sends = []

        async def app(scope, receive, send):
            sends.append(send)
            raise ValueError

        error = KeyError()

        async def respond(scope, receive, exc):
            await sends[0]({**START, "status": 500})
            await sends[0](BODY)
            raise error

        inner = self._run(app, respond=respond)
        self.assertIs(self.errors.exception, error)
        self.assertEqual(inner.status, 500)
        self.assertTrue(inner.complete)

    def test_response_before_the_exception_is_discarded(self):
        async def app(scope, receive, send):
            await send(START)
            await send(PART)
            raise ValueError

        async def respond(scope, receive, exc):
            self.errors.exchange.discard()

        inner = self._run(app, respond=respond)
        self.assertEqual((inner.status, inner.content, inner.size), (0, b"", 0))
        self.assertFalse(inner.complete)

    def test_handled_exception_after_the_response(self):
        async def app(scope, receive, send):
            await send(START)
            await send(BODY)
            self.errors.handled = ValueError()
            raise self.errors.handled

        inner = self._run(app)
        self.assertIsNone(self.errors.exception)
        self.assertTrue(inner.complete)

    def test_stream_that_fails_after_its_last_part(self):
        """BaseHTTPMiddleware completes a stream, and then raises its exception."""
        self.errors.collect = -1
        error = ValueError()

        async def app(scope, receive, send):
            for message in (START, PART, BODY):
                await send(message)
            raise error

        async def respond(scope, receive, exc):
            self.assertFalse(self.errors.exchange.discard())

        inner = self._run(app, respond=respond)
        self.assertIs(self.errors.exception, error)
        self.assertEqual(inner.content, b"part all")
        self.assertFalse(inner.complete)

    def test_no_response(self):
        inner = self._send()
        self.assertIsInstance(self.errors.exception, RuntimeError)
        self.assertFalse(inner.complete)

    def test_messages_out_of_order(self):
        for messages in (BODY,), (START, START), (START, BODY, BODY), ({"type": "x"},):
            self.errors.exception = None
            self._send(*messages)
            self.assertIsInstance(self.errors.exception, RuntimeError)

    def test_stream_is_taken_and_partly_kept(self):
        self.errors.collect = -1
        taken = []

        async def take(chunk):
            taken.append(chunk)

        inner = self._send(START, PART, PART, PART, BODY, take=take, keep=6)
        self.assertEqual(taken, [b"part "] * 3 + [b"all"])
        self.assertTrue(inner.streaming)
        self.assertFalse(inner.discard())
        self.assertEqual(inner.content, b"part part ")
        self.assertEqual(inner.size, 18)

    def test_plain_response_in_parts_is_not_taken(self):
        self.errors.collect = 100

        async def take(chunk):
            self.fail(chunk)

        inner = self._send(START, PART, PART, BODY, take=take, keep=1)
        self.assertEqual(inner.content, b"part part all")

    def test_is_freed_without_the_garbage_collector(self):
        gc.disable()
        self.addCleanup(gc.enable)
        inner = weakref.ref(self._send(START, BODY))
        self.assertIsNotNone(inner())
        self.state = self.errors = None
        self.assertIsNone(inner())
