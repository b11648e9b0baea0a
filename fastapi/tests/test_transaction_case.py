# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The test case that other addons inherit: what it takes, and what it answers."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import (
    APIRouter,
    BackgroundTasks,
    Depends,
    FastAPI,
    HTTPException,
    Request,
)
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
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.base.tests.common import TransactionCaseWithUserDemo

from ..app.prepare import EndpointFastAPI
from ..bridge import loops
from ..context import odoo_env_ctx
from ..dependencies import (
    authenticated_partner,
    authenticated_partner_impl,
    odoo_env,
    optionally_authenticated_partner_impl,
)
from ..error_handlers import default_exception_handlers, raise_server_exceptions
from ..exceptions import CommittedHTTPException
from .common import FastAPITransactionCase

Env = Annotated[Environment, Depends(odoo_env)]
Partner = Annotated[BaseModel, Depends(authenticated_partner)]

LATE_LOGGER = "odoo.addons.fastapi.after_response"


# ----------------------------------------------------------------------
# What the test case takes
# ----------------------------------------------------------------------


def place() -> str:
    return "router"


def other_place() -> str:
    return "router"


circumstances = APIRouter()


@circumstances.get("/circumstances")
def get_circumstances(
    env: Env,
    partner: Annotated[BaseModel, Depends(authenticated_partner_impl)],
    optional_partner: Annotated[
        BaseModel, Depends(optionally_authenticated_partner_impl)
    ],
    place: Annotated[str, Depends(place)],
    other_place: Annotated[str, Depends(other_place)],
) -> dict[str, Any]:
    return {
        "env": env.context.get("test_env"),
        "user": env.uid,
        "partner": partner.id,
        "optional_partner": optional_partner.id,
        "partner_user": partner.env.uid,
        "place": place,
        "other_place": other_place,
    }


def route_app(path: str) -> FastAPI:
    """Return an app with a single route that answers its path."""
    app = EndpointFastAPI(exception_handlers=default_exception_handlers())
    app.add_api_route(path, lambda: path)
    return app


class CircumstancesMixin(TransactionCaseWithUserDemo):
    """Users and partners that exist before ``FastAPITransactionCase`` is set up."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user_of_class = new_test_user(cls.env, "user_of_class")
        cls.user_of_argument = new_test_user(cls.env, "user_of_argument")
        cls.partner_of_class, cls.partner_of_argument = cls.env["res.partner"].create(
            [{"name": "Partner of the class"}, {"name": "Partner of the argument"}]
        )

    def get_circumstances(self, **arguments):
        with self._create_test_client(**arguments) as client:
            response = client.get("/circumstances")
        self.assertEqual(response.status_code, 200)
        return response.json()


class AttributesMixin(CircumstancesMixin):
    """Sets the attributes that need a database, as early as a class can."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.default_fastapi_app = route_app("/app-of-class")
        cls.default_fastapi_odoo_env = cls.env(context={"test_env": "class"})
        cls.default_fastapi_running_user = cls.user_of_class
        cls.default_fastapi_authenticated_partner = cls.partner_of_class


class TestNoAttributes(FastAPITransactionCase, CircumstancesMixin):
    """What the test case does for a class that says nothing."""

    def test_the_environment_is_the_one_of_the_test_and_nobody_calls(self):
        self.assertEqual(
            self.get_circumstances(router=circumstances),
            {
                "env": None,
                "user": self.env.uid,
                "partner": False,
                "optional_partner": False,
                "partner_user": self.env.uid,
                "place": "router",
                "other_place": "router",
            },
        )

    def test_what_a_class_adds_to_its_overrides_is_not_for_others(self):
        self.default_fastapi_dependency_overrides[place] = lambda: "class"
        self.assertEqual(
            FastAPITransactionCase.default_fastapi_dependency_overrides, {}
        )

    def test_nothing_is_left_in_the_context(self):
        with self._create_test_client(raise_server_exceptions=True):
            self.assertEqual(odoo_env_ctx.get(), self.env)
            self.assertTrue(raise_server_exceptions.get())
        self.assertIsNone(odoo_env_ctx.get(None))
        self.assertFalse(raise_server_exceptions.get())

    def test_the_client_has_the_app(self):
        app = route_app("/")
        for raises in (True, False):
            with self._create_test_client(
                app=app, raise_server_exceptions=raises
            ) as client:
                self.assertIs(client.app, app)

    def test_nobody_calls_by_a_partner_and_by_an_override(self):
        for impl in (authenticated_partner_impl, optionally_authenticated_partner_impl):
            overrides = {impl: lambda: self.partner_of_class}
            client = self._create_test_client(
                partner=self.partner_of_argument, dependency_overrides=overrides
            )
            with self.assertRaisesRegex(ValueError, impl.__name__), client:
                self.fail("There is a client.")


class TestAttributes(FastAPITransactionCase, AttributesMixin):
    """Each attribute of a class is kept, and each argument wins over its attribute."""

    default_fastapi_router = circumstances
    default_fastapi_dependency_overrides = {
        place: lambda: "class",
        other_place: lambda: "class",
    }

    def assert_circumstances(self, changed, **arguments):
        """Check what a handler sees: what the class says but for what is changed."""
        expected = {
            "env": "class",
            "user": self.user_of_class.id,
            "partner": self.partner_of_class.id,
            "optional_partner": self.partner_of_class.id,
            "partner_user": self.user_of_class.id,
            "place": "class",
            "other_place": "class",
        }
        self.assertEqual(self.get_circumstances(**arguments), {**expected, **changed})

    def get_status_codes(self, *paths, **arguments):
        with self._create_test_client(**arguments) as client:
            return [client.get(path).status_code for path in paths]

    def test_attributes(self):
        self.assert_circumstances({})
        self.assertEqual(self.get_status_codes("/app-of-class"), [200])

    def test_app(self):
        codes = self.get_status_codes(
            "/app-of-argument",
            "/app-of-class",
            "/circumstances",
            app=route_app("/app-of-argument"),
        )
        self.assertEqual(codes, [200, 404, 200])

    def test_router(self):
        router = APIRouter()
        router.add_api_route("/router-of-argument", lambda: None)
        codes = self.get_status_codes(
            "/router-of-argument",
            "/circumstances",
            app=route_app("/app-of-argument"),
            router=router,
        )
        self.assertEqual(codes, [200, 404])

    def test_user(self):
        user = self.user_of_argument
        changed = {"user": user.id, "partner_user": user.id}
        self.assert_circumstances(changed, user=user)

    def test_partner(self):
        partner = self.partner_of_argument
        changed = {"partner": partner.id, "optional_partner": partner.id}
        self.assert_circumstances(changed, partner=partner)

    def test_env(self):
        env = self.env(context={"test_env": "argument"})
        self.assert_circumstances({"env": "argument"}, env=env)

    def test_dependency_overrides(self):
        overrides = {place: lambda: "argument"}
        self.assert_circumstances({"place": "argument"}, dependency_overrides=overrides)
        # for that client alone
        self.assert_circumstances({})

    def test_raise_server_exceptions(self):
        router = APIRouter()

        @router.get("/fail")
        def fail() -> None:
            raise ZeroDivisionError("a secret")

        with self._create_test_client(router=router) as client:
            with self.assertRaisesRegex(ZeroDivisionError, "a secret"):
                client.get("/fail")
        with self._create_test_client(
            router=router, raise_server_exceptions=False
        ) as client:
            self.assertEqual(client.get("/fail").status_code, 500)

    def test_testclient_kwargs(self):
        router = APIRouter()

        @router.get("/request")
        def get_request(request: Request) -> tuple[str | None, str]:
            return request.headers.get("X-Test"), request.scope["root_path"]

        app = route_app("/app-of-argument")
        app.state.odoo_root_path = "/of-app"
        with self._create_test_client(app=app, router=router) as client:
            self.assertEqual(client.get("/request").json(), [None, "/of-app"])
        with self._create_test_client(
            app=app,
            router=router,
            testclient_kwargs={
                "headers": {"X-Test": "argument"},
                "root_path": "/of-argument",
            },
        ) as client:
            answer = client.get("/request").json()
        self.assertEqual(answer, ["argument", "/of-argument"])


class TestOverridesOfTheApp(FastAPITransactionCase, CircumstancesMixin):
    """An app's own overrides are kept but for those replaced, and all come back."""

    default_fastapi_router = circumstances

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.app = route_app("/")
        cls.own_overrides = {place: lambda: "app", other_place: lambda: "app"}
        cls.app.dependency_overrides = dict(cls.own_overrides)

    def test_they_are_kept(self):
        answer = self.get_circumstances(app=self.app)
        self.assertEqual((answer["place"], answer["other_place"]), ("app", "app"))

    def test_who_calls_is_kept(self):
        partner = self.partner_of_class
        for impl, key in (
            (authenticated_partner_impl, "partner"),
            (optionally_authenticated_partner_impl, "optional_partner"),
        ):
            with self.subTest(key):
                app = route_app("/")
                app.dependency_overrides = {impl: lambda: partner}
                self.assertEqual(self.get_circumstances(app=app)[key], partner.id)

    def test_who_calls_is_replaced_by_a_partner(self):
        app = route_app("/")
        app.dependency_overrides = {
            authenticated_partner_impl: lambda: self.partner_of_class
        }
        answer = self.get_circumstances(app=app, partner=self.partner_of_argument)
        self.assertEqual(answer["partner"], self.partner_of_argument.id)

    def test_they_are_replaced_by_those_of_the_class(self):
        self.default_fastapi_dependency_overrides = {place: lambda: "class"}
        answer = self.get_circumstances(app=self.app)
        self.assertEqual((answer["place"], answer["other_place"]), ("class", "app"))

    def test_they_are_replaced_by_those_given(self):
        answer = self.get_circumstances(
            app=self.app, dependency_overrides={place: lambda: "argument"}
        )
        self.assertEqual((answer["place"], answer["other_place"]), ("argument", "app"))

    def test_they_come_back(self):
        with self._create_test_client(
            app=self.app, dependency_overrides={place: lambda: "argument"}
        ) as client:
            client.get("/circumstances")
            self.assertNotEqual(self.app.dependency_overrides, self.own_overrides)
        self.assertEqual(self.app.dependency_overrides, self.own_overrides)

    def test_they_come_back_after_a_failing_test(self):
        with self.assertRaises(ZeroDivisionError):
            with self._create_test_client(
                app=self.app, dependency_overrides={place: lambda: "argument"}
            ):
                raise ZeroDivisionError()
        self.assertEqual(self.app.dependency_overrides, self.own_overrides)


# ----------------------------------------------------------------------
# What it answers
# ----------------------------------------------------------------------

late = APIRouter()


def raise_user_error(message: str) -> None:
    error = UserError(message)  # a direct one would have to be translated
    raise error


def leave(env: Environment, name: str) -> None:
    """Write something that a test can look for."""
    env["ir.config_parameter"].sudo().create({"key": f"test.{name}", "value": "x"})


def fail(env: Environment, name: str) -> None:
    leave(env, name)
    raise_user_error("told nobody")


@late.post("/tasks")
def with_tasks(env: Env, tasks: BackgroundTasks, error: str = "") -> str:
    leave(env, "handler")
    tasks.add_task(fail, env, "failing task")
    tasks.add_task(leave, env, "task")
    if error == "refused":
        raise_user_error("refused")
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
            raise_user_error("told nobody")
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

    def test_answer_that_keeps_what_was_written(self):
        response = self.call("POST", "/tasks", params={"error": "committed"})
        self.assertEqual(
            (response.status_code, response.json()), (401, {"detail": "counted"})
        )
        self.assert_left("handler")

    @mute_logger("odoo.sql_db")
    def test_texts_of_constraints(self):
        router = APIRouter()

        @router.post("/unique")
        def unique(env: Env) -> None:
            leave(env, "once")
            leave(env, "once")

        @router.post("/required")
        def required(env: Env) -> None:
            env["ir.config_parameter"].create({"key": "test.empty"})

        self.default_fastapi_router = router
        for path, text in (
            ("/unique", "Key must be unique"),
            ("/required", "This operation can't be completed."),
        ):
            with self.subTest(path):
                response = self.call("POST", path)
                self.assertEqual(response.status_code, 400, response.text)
                self.assertIn(text, response.text)
                self.assertNotIn("ir.config_parameter", response.text)
        self.assert_left()

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
        self.assertIn(
            "A stream failed, and is cut off: GET /stream: ",
            record.getMessage(),
        )
        self.assertIn("told nobody", logs.output[0])

    @mute_logger("odoo.sql_db")
    def test_stream_that_violates_a_constraint(self):
        with self.assertLogs(LATE_LOGGER, "ERROR"):
            response = self.call("GET", "/stream", params={"end": "twice"})
        self.assertEqual((response.status_code, response.text), (200, "first,second,"))
        self.assert_left("handler", "first chunk")

    def test_stream_whose_handler_can_not_be_committed(self):
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
        app = EndpointFastAPI()

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

        self.default_fastapi_app = EndpointFastAPI(middleware=[Middleware(Refusing)])
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

    def test_app_that_has_run_before(self):
        """Starlette has built its stack of middleware then."""

        def make_app():
            app = FastAPI()

            @app.post("/")
            def handler(env: Env) -> None:
                leave(env, "handler")
                raise HTTPException(409, "refused")

            return app

        app = make_app()
        with self._create_test_client(app=app) as client:
            self.assertEqual(client.post("/").status_code, 409)
        self.env["ir.config_parameter"].set_param("test.handler", False)
        self.assert_left()
        for served in (app, make_app()):
            with self._create_test_client(
                app=served, raise_server_exceptions=False
            ) as client:
                with client:  # the lifespan
                    self.assertEqual(client.post("/").status_code, 409)
            self.assert_left()

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
