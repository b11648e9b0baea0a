# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The test case that other addons inherit: what it answers."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, Request
from fastapi.responses import Response, StreamingResponse
from fastapi.templating import Jinja2Templates
from jinja2 import DictLoader
from jinja2 import Environment as JinjaEnvironment
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from werkzeug.exceptions import Forbidden

from odoo.api import Environment
from odoo.exceptions import UserError
from odoo.models import BaseModel
from odoo.tools import mute_logger

from ..bridge import loops
from ..context import odoo_env_ctx
from ..dependencies import (
    authenticated_partner,
    odoo_env,
)
from ..endpoint_app import EndpointApp
from ..error_handlers import (
    CommittedHTTPException,
    default_exception_handlers,
)
from .common import FastAPITransactionCase

Env = Annotated[Environment, Depends(odoo_env)]
Partner = Annotated[BaseModel, Depends(authenticated_partner)]

LATE_LOGGER = "odoo.addons.fastapi.late_transactions"


late = APIRouter()


def leave(env: Environment, name: str) -> None:
    """Write something that a test can look for."""
    env["ir.config_parameter"].sudo().create({"key": f"test.{name}", "value": "x"})


def fail(env: Environment, name: str) -> None:
    leave(env, name)
    raise UserError(env._("told nobody"))


@late.post("/tasks")
def with_tasks(env: Env, tasks: BackgroundTasks, error: str = "") -> str:
    leave(env, "handler")
    tasks.add_task(fail, env, "failing task")
    tasks.add_task(leave, env, "task")
    if error == "refused":
        raise UserError(env._("refused"))
    if error == "committed":
        raise CommittedHTTPException(401, "counted")
    return "done"


def chunks(env: Environment, end: str) -> Iterator[str]:
    try:
        leave(env, "first chunk")
        yield "first,"
        leave(env, "second chunk")
        yield "second,"
        if end == "fail":
            raise UserError(env._("told nobody"))
        if end == "twice":
            leave(env, "second chunk")
        yield "third"
    finally:
        leave(env, "last chunk")


@late.get("/stream")
def stream(env: Env, tasks: BackgroundTasks, end: str = "") -> StreamingResponse:
    leave(env, "handler")
    tasks.add_task(leave, env, "task")
    return StreamingResponse(chunks(env, end))


class LateMixin:
    default_fastapi_router = late

    def assert_left(self, *names):
        """Check what the requests so far have left in the database."""
        parameters = self.env["ir.config_parameter"].search(
            [("key", "=like", "test.%")]
        )
        left = {key.removeprefix("test.") for key in parameters.mapped("key")}
        self.assertEqual(left, set(names))


class TestRaising(LateMixin, FastAPITransactionCase):
    """Exceptions reach the test as they were raised."""

    def test_failing_task(self):
        with self._create_test_client() as client:
            with self.assertRaisesRegex(UserError, "told nobody"):
                client.post("/tasks")
        self.assert_left("handler", "failing task")

    def test_failing_stream(self):
        with self._create_test_client() as client:
            with self.assertRaisesRegex(UserError, "told nobody"):
                client.get("/stream", params={"end": "fail"})
        self.assert_left("handler", "first chunk", "second chunk", "last chunk")

    def test_stream_and_task(self):
        with self._create_test_client() as client:
            response = client.get("/stream")
        self.assertEqual(response.text, "first,second,third")
        self.assert_left("handler", "first chunk", "second chunk", "last chunk", "task")


class TestServed(LateMixin, FastAPITransactionCase):
    """The answer is the server's: see ``test_streams`` of ``test_fastapi`` for that."""

    def call(self, method, path, **arguments):
        with self._create_test_client(raise_server_exceptions=False) as client:
            return client.request(method, path, **arguments)

    def test_failing_task(self):
        with self.assertLogs(LATE_LOGGER, "ERROR") as logs:
            response = self.call("POST", "/tasks")
        self.assertEqual((response.status_code, response.json()), (200, "done"))
        self.assert_left("handler", "task")
        (record,) = logs.records
        self.assertEqual(
            record.getMessage(), "Background task fail failed, and is rolled back."
        )
        self.assertIs(record.exc_info[0], UserError)

    def test_tasks_of_a_request_that_is_refused(self):
        response = self.call("POST", "/tasks", params={"error": "refused"})
        self.assertEqual(
            (response.status_code, response.json()), (400, {"detail": "refused"})
        )
        self.assert_left()

    def test_tasks_of_a_failure_that_a_middleware_hides(self):
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
            raise UserError(env._("torn"))

        router = self.default_fastapi_router = APIRouter()
        self.default_fastapi_app = EndpointApp(
            middleware=[Middleware(Hiding)],
            exception_handlers=default_exception_handlers(),
        )

        @router.post("/torn", dependencies=[Depends(teardown)])
        def torn(env: Env, tasks: BackgroundTasks) -> None:
            tasks.add_task(leave, env, "task")

        response = self.call("POST", "/torn")
        self.assertEqual((response.status_code, response.text), (409, "hidden"))
        self.assert_left()

    def test_answer_that_keeps_what_was_written(self):
        response = self.call("POST", "/tasks", params={"error": "committed"})
        self.assertEqual(
            (response.status_code, response.json()), (401, {"detail": "counted"})
        )
        self.assert_left("handler")

    @mute_logger("odoo.sql_db")
    def test_task_that_violates_a_constraint(self):
        router = APIRouter()

        @router.post("/twice")
        def twice(env: Env, tasks: BackgroundTasks) -> None:
            leave(env, "once")
            tasks.add_task(leave, env, "once")

        self.default_fastapi_router = router
        with self.assertLogs(LATE_LOGGER, "ERROR"):
            self.assertEqual(self.call("POST", "/twice").status_code, 200)
        self.assert_left("once")

    def test_stream(self):
        response = self.call("GET", "/stream")
        self.assertEqual(
            (response.status_code, response.text), (200, "first,second,third")
        )
        self.assert_left("handler", "first chunk", "second chunk", "last chunk", "task")

    def test_failing_stream(self):
        with self.assertLogs(LATE_LOGGER, "ERROR") as logs:
            response = self.call("GET", "/stream", params={"end": "fail"})
        self.assertEqual((response.status_code, response.text), (200, "first,second,"))
        self.assert_left("handler", "first chunk")
        (record,) = logs.records
        self.assertEqual(record.getMessage(), "A stream failed, and is cut off.")
        self.assertIn("told nobody", logs.output[0])

    @mute_logger("odoo.sql_db")
    def test_stream_that_violates_a_constraint(self):
        with self.assertLogs(LATE_LOGGER, "ERROR"):
            response = self.call("GET", "/stream", params={"end": "twice"})
        self.assertEqual((response.status_code, response.text), (200, "first,second,"))
        self.assert_left("handler", "first chunk")

    def test_stream_whose_handler_can_not_be_committed(self):
        router = self.default_fastapi_router = APIRouter()
        app = self.default_fastapi_app = EndpointApp()
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
        def answer(request: Request, exc: CommittedHTTPException) -> Response:
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
        app = EndpointApp()

        @app.exception_handler(UserError)
        def answer(request: Request, exc: UserError) -> StreamingResponse:
            return StreamingResponse(chunks(odoo_env_ctx.get(), ""), 409)

        self.default_fastapi_app = app
        response = self.call("POST", "/tasks", params={"error": "refused"})
        self.assertEqual(
            (response.status_code, response.text), (409, "first,second,third")
        )
        self.assert_left()

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

        answer = self.call("POST", "/handler").json()
        self.assertEqual(answer, {"detail": "written"})
        with self.assertLogs(LATE_LOGGER, "ERROR") as logs:
            self.call("POST", "/task")
        self.assertIn("UserError: written", logs.output[0])
        for key in ("test.handler", "test.task"):
            value = self.env["ir.config_parameter"].sudo().get_param(key)
            self.assertFalse(value, key)

    def test_exception_that_no_exception_handler_can_answer(self):
        class Refusing:
            def __init__(self, app: ASGIApp) -> None:
                self.app = app

            async def __call__(
                self, scope: Scope, receive: Receive, send: Send
            ) -> None:
                if scope["type"] == "http":
                    raise Forbidden("by a middleware")
                await self.app(scope, receive, send)

        self.default_fastapi_app = EndpointApp(middleware=[Middleware(Refusing)])
        response = self.call("POST", "/tasks")
        self.assertEqual(response.status_code, 403)
        self.assertEqual(response.json(), {"detail": "by a middleware"})

    def test_app_without_exception_handlers(self):
        self.default_fastapi_app = FastAPI()
        response = self.call("POST", "/tasks", params={"error": "refused"})
        self.assertEqual(response.status_code, 400)
        self.assertEqual(response.json(), {"detail": "refused"})
        with self.assertLogs(LATE_LOGGER, "ERROR"):
            self.assertEqual(self.call("POST", "/tasks").status_code, 200)
        self.assert_left("handler", "task")

    def test_body(self):
        router = APIRouter()

        @router.post("/echo")
        async def echo(request: Request) -> str:
            return (await request.body()).decode()

        self.default_fastapi_router = router
        for content, expected in (
            (b"", ""),
            (b"whole", "whole"),
            ((chunk for chunk in (b"in ", b"chunks")), "in chunks"),
        ):
            response = self.call("POST", "/echo", content=content)
            self.assertEqual(response.json(), expected)

    def test_template(self):
        templates = Jinja2Templates(
            env=JinjaEnvironment(loader=DictLoader({"page": "Hello"}), autoescape=True)
        )
        router = self.default_fastapi_router = APIRouter()

        @router.get("/page")
        def page(request: Request):
            return templates.TemplateResponse(request, "page")

        response = self.call("GET", "/page")
        self.assertEqual((response.status_code, response.text), (200, "Hello"))


class TestLanguage(FastAPITransactionCase):
    """The language of a request is the one that its client asks for."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fr_FR")
        cls.env["res.lang"]._activate_lang("nl_BE")
        cls.default_fastapi_odoo_env = cls.env(context={"lang": "nl_BE"})
        cls.default_fastapi_authenticated_partner = cls.env["res.partner"].create(
            {"name": "Caller"}
        )
        router = cls.default_fastapi_router = APIRouter()

        @router.get("/lang")
        def lang(env: Env, partner: Partner) -> tuple[str, str]:
            return env.lang, partner.env.lang

    def test_language(self):
        for raises in (True, False):
            with (
                self.subTest(raises=raises),
                self._create_test_client(raise_server_exceptions=raises) as client,
            ):
                for accepted, lang in (
                    ("xx, fr;q=0.8, nl;q=0.5", "fr_FR"),
                    ("xx", "nl_BE"),
                    (None, "nl_BE"),
                ):
                    headers = {"Accept-Language": accepted} if accepted else {}
                    answer = client.get("/lang", headers=headers)
                    self.assertEqual(answer.json(), [lang, lang], accepted)
