# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``FastAPITransactionCase``: transactions of handlers, streams and tasks."""

from collections.abc import Iterator
from unittest.mock import patch

from fastapi import (
    APIRouter,
    BackgroundTasks,
    Depends,
    Request,
)
from fastapi.responses import Response, StreamingResponse
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from odoo.api import Environment
from odoo.exceptions import ConcurrencyError, UserError
from odoo.modules.registry import Registry
from odoo.tools import mute_logger

from ..app.prepare import EndpointFastAPI
from ..bridge import loops
from ..context import odoo_env_ctx
from ..error_handlers import default_exception_handlers
from ..exceptions import CommittedHTTPException
from .common import FastAPITransactionCase
from .transaction_case import (
    LOGGER,
    Env,
    ResponsesMixin,
    chunks,
    leave,
    raise_user_error,
)


class TestRaising(ResponsesMixin, FastAPITransactionCase):
    """Exceptions reach the test as they were raised."""

    def test_failing_task(self):
        with self._create_test_client() as client:
            with self.assertRaisesRegex(UserError, "a secret"):
                client.post("/tasks")
        self.assert_left("handler", "failing task")

    def test_failing_stream(self):
        with self._create_test_client() as client:
            with self.assertRaisesRegex(UserError, "a secret"):
                client.get("/stream", params={"end": "fail"})
        self.assert_left("handler", "first chunk", "second chunk", "last chunk")

    def test_stream_and_task(self):
        with self._create_test_client() as client:
            response = client.get("/stream")
        self.assertEqual(response.text, "first,second,third")
        self.assert_left("handler", "first chunk", "second chunk", "last chunk", "task")


class TestServed(ResponsesMixin, FastAPITransactionCase):
    """The server's behaviour, which ``test_streams`` of ``test_fastapi`` tests."""

    def test_failing_task(self):
        with self.assertLogs(LOGGER, "ERROR") as logs:
            response = self.call("POST", "/tasks")
        self.assertEqual((response.status_code, response.json()), (200, "done"))
        self.assert_left("handler", "task")
        (record,) = logs.records
        self.assertIn(
            "Background task fail failed, and is rolled back: POST /tasks: UserError",
            record.getMessage(),
        )
        self.assertIs(record.exc_info[0], UserError)

    def test_tasks_of_a_request_that_is_refused(self):
        response = self.call("POST", "/tasks", params={"error": "refused"})
        self.assertEqual(
            (response.status_code, response.json()), (400, {"detail": "refused"})
        )
        self.assert_left()

    def test_lock_that_the_runner_holds(self):
        """Odoo's runner holds the lock of the registries while the tests run."""

        class HeldLock:
            def __enter__(self):
                raise AssertionError("A request waits for the thread of the test.")

            def __exit__(self, *_exc):
                pass

        with patch.object(Registry, "_lock", HeldLock()):
            response = self.call("POST", "/tasks", params={"error": "refused"})
        self.assertEqual(response.status_code, 400)

    def test_tasks_of_an_error_that_a_middleware_hides(self):
        class Hiding:
            def __init__(self, app: ASGIApp) -> None:
                self.app = app

            async def __call__(
                self, scope: Scope, receive: Receive, send: Send
            ) -> None:
                async def ignore(message: Message) -> None:
                    pass

                try:
                    await self.app(scope, receive, ignore)
                except RuntimeError:
                    await Response("hidden", 409)(scope, receive, send)

        def teardown(env: Env) -> Iterator[None]:
            yield
            raise_user_error("torn")

        router = self.default_fastapi_router = APIRouter()
        self.default_fastapi_app = EndpointFastAPI(
            middleware=[Middleware(Hiding)],
            exception_handlers=default_exception_handlers(),
        )

        @router.post("/torn", dependencies=[Depends(teardown)])
        def torn(env: Env, tasks: BackgroundTasks) -> None:
            tasks.add_task(leave, env, "task")

        response = self.call("POST", "/torn")
        self.assertEqual((response.status_code, response.text), (409, "hidden"))
        self.assert_left()

    @mute_logger("odoo.sql_db")
    def test_task_that_violates_a_constraint(self):
        router = APIRouter()

        @router.post("/twice")
        def twice(env: Env, tasks: BackgroundTasks) -> None:
            leave(env, "once")
            tasks.add_task(leave, env, "once")

        self.default_fastapi_router = router
        with self.assertLogs(LOGGER, "ERROR"):
            self.assertEqual(self.call("POST", "/twice").status_code, 200)
        self.assert_left("once")

    def test_stream(self):
        response = self.call("GET", "/stream")
        self.assertEqual(
            (response.status_code, response.text), (200, "first,second,third")
        )
        self.assert_left("handler", "first chunk", "second chunk", "last chunk", "task")

    def test_failing_stream(self):
        with self.assertLogs(LOGGER, "ERROR") as logs:
            response = self.call("GET", "/stream", params={"end": "fail"})
        self.assertEqual((response.status_code, response.text), (200, "first,second,"))
        self.assert_left("handler", "first chunk")
        (record,) = logs.records
        self.assertIn(
            "A stream failed, and is cut off: GET /stream: ",
            record.getMessage(),
        )
        self.assertIn("a secret", logs.output[0])

    @mute_logger("odoo.sql_db")
    def test_stream_that_violates_a_constraint(self):
        with self.assertLogs(LOGGER, "ERROR"):
            response = self.call("GET", "/stream", params={"end": "twice"})
        self.assertEqual((response.status_code, response.text), (200, "first,second,"))
        self.assert_left("handler", "first chunk")

    def test_stream_whose_commit_fails(self):
        router = self.default_fastapi_router = APIRouter()
        app = self.default_fastapi_app = EndpointFastAPI()
        ended = []

        def refuse() -> None:
            raise CommittedHTTPException(409, "too late")

        def chunks(env: Environment) -> Iterator[str]:
            try:
                yield "first"
            finally:
                leave(env, "last chunk")
                ended.append(True)

        @router.get("/stream")
        def stream(env: Env) -> StreamingResponse:
            leave(env, "handler")
            env.cr.precommit.add(refuse)
            return StreamingResponse(chunks(env))

        @app.exception_handler(CommittedHTTPException)
        def respond(request: Request, exc: CommittedHTTPException) -> Response:
            leave(odoo_env_ctx.get(), "exception handler")
            return Response(f"refused: {exc.detail}", 418)

        response = self.call("GET", "/stream")
        self.assertEqual(
            (response.status_code, response.text), (418, "refused: too late")
        )
        self.assertEqual(ended, [True])
        self.assert_left()

    def test_stream_gives_its_event_loop_back(self):
        router = self.default_fastapi_router = APIRouter()

        @router.get("/stream")
        def stream(empty: bool = False) -> Response:
            return Response() if empty else StreamingResponse(iter(["first"]))

        self.call("GET", "/stream", params={"empty": True})
        idle = len(loops._idle)
        self.assertGreater(idle, 0)
        self.assertEqual(self.call("GET", "/stream").text, "first")
        self.assertEqual(len(loops._idle), idle)

    def test_stream_of_an_exception_handler(self):
        app = EndpointFastAPI()

        @app.exception_handler(UserError)
        def respond(request: Request, exc: UserError) -> StreamingResponse:
            return StreamingResponse(chunks(odoo_env_ctx.get(), ""), 409)

        self.default_fastapi_app = app
        response = self.call("POST", "/tasks", params={"error": "refused"})
        self.assertEqual(
            (response.status_code, response.text), (409, "first,second,third")
        )
        self.assert_left()

    def test_conflict_is_replayed(self):
        router = self.default_fastapi_router = APIRouter()
        bodies = []

        @router.post("/conflict")
        async def conflict(env: Env, request: Request) -> str:
            bodies.append(await request.body())
            leave(env, f"attempt {len(bodies)}")
            if len(bodies) == 1:
                raise ConcurrencyError("on purpose")
            return "done"

        with patch("odoo.service.model.time.sleep"):
            response = self.call("POST", "/conflict", content=b"body")
        self.assertEqual((response.status_code, response.json()), (200, "done"))
        self.assertEqual(bodies, [b"body"] * 2)
        self.assert_left("attempt 2")

    def test_caches_are_rolled_back_too(self):
        router = self.default_fastapi_router = APIRouter()

        def write(env: Environment, key: str) -> None:
            parameters = env["ir.config_parameter"].sudo()
            parameters.set_param(key, "written")
            raise UserError(parameters.get_param(key))

        @router.post("/handler")
        def handler(env: Env) -> None:
            write(env, "test.handler")

        @router.post("/task")
        def task(env: Env, tasks: BackgroundTasks) -> None:
            tasks.add_task(write, env, "test.task")

        response = self.call("POST", "/handler").json()
        self.assertEqual(response, {"detail": "written"})
        with self.assertLogs(LOGGER, "ERROR") as logs:
            self.call("POST", "/task")
        self.assertIn("UserError: written", logs.output[0])
        for key in ("test.handler", "test.task"):
            value = self.env["ir.config_parameter"].sudo().get_param(key)
            self.assertFalse(value, key)
