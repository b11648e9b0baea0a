# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A request leaves nothing behind for the next one."""

import asyncio
import json

from fastapi import BackgroundTasks, FastAPI
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.middleware import Middleware

from ...app.prepare import EndpointFastAPI
from ..bridge_case import JSON_TYPE, BridgeCase


class Swallow:
    """Swallows exceptions, and ends the stream."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        try:
            await self.app(scope, receive, send)
        except Exception:
            await send({"type": "http.response.body", "body": b""})


class TestLeftovers(BridgeCase):
    def test_generator_that_is_not_read_to_its_end(self):
        app, log = FastAPI(), []

        async def numbers():
            try:
                yield 1
                yield 2
            finally:
                log.append("closed")

        @app.get("/leave")
        async def leave() -> str:
            async for _number in numbers():
                break
            asyncio.get_running_loop().call_later(0, log.append, "later")
            log.append("left")
            return "left"

        @app.get("/next")
        async def next_() -> str:
            await asyncio.sleep(0)
            log.append("next")
            return "next"

        self.call(app, "/leave")
        left = list(log)
        self.call(app, "/next")
        self.assertEqual(left[0], "left")
        self.assertIn("closed", left)
        self.assertEqual(log, [*left, "next"])

    def test_stream_that_cancels_itself(self):
        app = FastAPI()

        @app.get("/")
        def stream() -> StreamingResponse:
            async def chunks():
                yield b"first"
                task = asyncio.create_task(asyncio.sleep(9))
                task.cancel()
                await task

            return StreamingResponse(chunks())

        with self.assertRaisesRegex(RuntimeError, "cancelled its own task"):
            self.call(app)

    def test_task_that_cancels_itself(self):
        app = FastAPI()

        async def cancel() -> None:
            asyncio.current_task().cancel()
            await asyncio.sleep(0)

        @app.get("/")
        def handler(tasks: BackgroundTasks) -> None:
            tasks.add_task(cancel)

        prepared = EndpointFastAPI()
        prepared.include_router(app.router)
        (task,) = self.call(prepared).tasks
        with self.assertRaisesRegex(RuntimeError, "cancelled itself"):
            task()

    def test_failing_stream_that_a_middleware_ends(self):
        app = EndpointFastAPI(middleware=[Middleware(Swallow)])

        @app.get("/")
        def stream() -> StreamingResponse:
            def chunks():
                yield b"first"
                raise ValueError("in the middle")

            return StreamingResponse(chunks())

        with self.assertRaisesRegex(ValueError, "in the middle"):
            self.call(app)

    def test_wrong_values_that_can_not_be_encoded(self):
        class Model(BaseModel):
            number: int

        app = EndpointFastAPI()

        @app.post("/")
        def handler(model: Model) -> None:
            return None

        for body, more in (
            (b'{"number":"\\ud800"}', JSON_TYPE),
            (b'{"number":NaN}', JSON_TYPE),
            (b"\xff\xfe", {"CONTENT_TYPE": "text/plain"}),
        ):
            with self.subTest(body):
                result = self.call(app, method="POST", body=body, **more)
                self.assertEqual(result.status[:3], "422")
                content = json.loads(result.body, parse_constant=self.fail)
                self.assertIn("detail", content)
