# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=translation-required,missing-return
import contextlib
import json
import resource
import threading
import traceback
from typing import Annotated

import psycopg2
import psycopg2.errors
from fastapi import Depends, FastAPI, HTTPException, UploadFile
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Mount
from werkzeug.wrappers import Response as WerkzeugResponse

from odoo.exceptions import ConcurrencyError, UserError
from odoo.tests import BaseCase

from ...app.prepare import EndpointFastAPI, prepare_app
from ...app.wrapped import TRANSACTION_ERRORS
from ...bridge.request_errors import original_exception
from ...bridge.request_state import STATE_KEY, RequestState
from ...error_handlers import default_exception_handlers
from ...exceptions import NoRoomError
from ..bridge_case import TIMEOUT, BridgeCase, make_environ

ORIGIN = "https://shop.example"


class Refusal(Exception):
    """An exception that no table knows."""


class SwallowMiddleware:
    """Answers whatever is raised below, as one that reports errors might."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        started = False

        async def watch(message):
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception:
            if not started:
                await PlainTextResponse("swallowed", 200)(scope, receive, send)


class MarkMiddleware:
    """Adds a header to every response that passes."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def mark(message):
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-passed", b"yes")]
            await send(message)

        await self.app(scope, receive, mark)


class FailuresCase(BridgeCase):
    def make_app(self, *middleware, handlers=None, app_class=EndpointFastAPI):
        """Return an app as an endpoint makes it, with a route that raises."""
        app = app_class(
            middleware=[Middleware(cls, **kwargs) for cls, kwargs in middleware],
            exception_handlers={**default_exception_handlers(), **(handlers or {})},
        )
        app.state.error = None

        @app.get("/")
        def raise_error() -> str:
            if app.state.error is not None:
                raise app.state.error
            return "fine"

        return app

    def raise_below(self, app, error, **kwargs):
        app.state.error = error
        return self.call(app, **kwargs)

    def assertAnswer(self, result, code, content):
        self.assertTrue(result.answered, result.exc_info)
        self.assertEqual(result.code, code)
        self.assertEqual(json.loads(result.body), content)


class TestAnswers(FailuresCase):
    def test_no_exception(self):
        result = self.call(self.make_app())
        self.assertAnswer(result, 200, "fine")
        self.assertIsNone(result.exc_info)

    def test_exception_is_answered_and_reported(self):
        error = UserError("told")
        result = self.raise_below(self.make_app(), error)
        self.assertAnswer(result, 400, {"detail": "told"})
        self.assertIs(result.exception, error)
        self.assertIs(result.exc_info[0], UserError)

    def test_http_exception_is_reported_too(self):
        error = HTTPException(409, "told", {"X-Reason": "conflict"})
        result = self.raise_below(self.make_app(), error)
        self.assertAnswer(result, 409, {"detail": "told"})
        self.assertEqual(result.header("x-reason"), ["conflict"])
        self.assertIs(result.exception, error)

    def test_validation_error_of_a_request(self):
        app = self.make_app()

        @app.get("/number")
        def number(n: int) -> int:
            return n

        result = self.call(app, "/number", query="n=x")
        self.assertEqual(result.code, 422)
        self.assertEqual(
            json.loads(result.body)["detail"][0]["loc"],
            ["query", "n"],
        )
        self.assertIsNotNone(result.exception)

    def test_unknown_path(self):
        result = self.call(self.make_app(), "/unknown")
        self.assertAnswer(result, 404, {"detail": "Not Found"})
        self.assertIsNotNone(result.exception)

    def test_unknown_method(self):
        result = self.call(self.make_app(), method="DELETE")
        self.assertAnswer(result, 405, {"detail": "Method Not Allowed"})
        self.assertEqual(result.header("allow"), ["GET"])

    def test_unknown_exception_tells_nothing_of_its_cause(self):
        error = Refusal("secret")
        result = self.raise_below(self.make_app(), error)
        self.assertAnswer(result, 500, {"detail": "Internal Server Error"})
        self.assertIs(result.exception, error)

    def test_response_that_is_not_valid_tells_nothing_of_its_cause(self):
        class Item(BaseModel):
            number: int

        app = self.make_app()

        @app.get("/item", response_model=Item)
        def item():
            return {"number": "secret"}

        result = self.call(app, "/item")
        self.assertAnswer(result, 500, {"detail": "Internal Server Error"})
        self.assertEqual(type(result.exception).__name__, "ResponseValidationError")

    def test_exception_of_a_dependency(self):
        def dependency():
            raise UserError("told")

        app = self.make_app()

        @app.get("/dependent", dependencies=[Depends(dependency)])
        def dependent() -> None:
            raise AssertionError("not reached")

        self.assertAnswer(self.call(app, "/dependent"), 400, {"detail": "told"})

    def test_exception_of_an_async_handler(self):
        app = self.make_app()

        @app.get("/async")
        async def handler() -> None:
            raise UserError("told")

        self.assertAnswer(self.call(app, "/async"), 400, {"detail": "told"})

    def test_next_request_is_not_affected(self):
        app = self.make_app()
        self.raise_below(app, UserError("told"))
        result = self.raise_below(app, None)
        self.assertAnswer(result, 200, "fine")
        self.assertIsNone(result.exc_info)

    def test_concurrent_requests_get_their_own_exceptions(self):
        count = 6
        barrier = threading.Barrier(count)
        app = self.make_app()

        @app.get("/{number}")
        def handler(number: int) -> None:
            barrier.wait(TIMEOUT)
            raise UserError(f"told {number}")

        results = self.in_threads(
            [lambda n=n: self.call(app, f"/{n}") for n in range(count)]
        )
        for number, result in enumerate(results):
            self.assertAnswer(result, 400, {"detail": f"told {number}"})
            self.assertEqual(result.exception.args, (f"told {number}",))

    def test_app_that_is_no_endpoint_app(self):
        app = self.make_app(app_class=FastAPI)
        prepare_app(app)
        error = UserError("told")
        result = self.raise_below(app, error)
        self.assertAnswer(result, 400, {"detail": "told"})
        self.assertIs(result.exception, error)

    def test_app_without_handlers_of_its_own(self):
        app = FastAPI()

        @app.get("/")
        def handler() -> None:
            raise UserError("told")

        prepare_app(app)
        self.assertAnswer(self.call(app), 400, {"detail": "told"})

    def test_app_is_prepared_once(self):
        app = self.make_app()
        prepare_app(app)
        middleware, routes = list(app.user_middleware), list(app.routes)
        prepare_app(app)
        self.assertEqual(app.user_middleware, middleware)
        self.assertEqual(app.routes, routes)


class TestFullDisk(FailuresCase):
    """Starlette keeps a large file of a form on the disk, too."""

    def upload(self, size):
        app = self.make_app((CORSMiddleware, {"allow_origins": [ORIGIN]}))

        @app.post("/upload")
        def upload(file: UploadFile) -> int:
            return file.size

        head = (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
        )
        return self.call(
            app,
            "/upload",
            method="POST",
            body=head + b"x" * size + b"\r\n--x--\r\n",
            CONTENT_TYPE="multipart/form-data; boundary=x",
            HTTP_ORIGIN=ORIGIN,
        )

    def test_no_room_for_a_file_is_not_the_fault_of_the_client(self):
        size = 2 * 1024 * 1024  # bytes; Starlette keeps one megabyte in memory
        self.assertEqual(self.upload(size).code, 200)
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, limits[1]))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_FSIZE, limits)
        result = self.upload(size)
        self.assertEqual(result.code, 507)
        self.assertEqual(result.header("access-control-allow-origin"), [ORIGIN])
        self.assertIsInstance(result.exception, NoRoomError)
        self.assertEqual(self.upload(100).code, 200)


class TestTraceback(FailuresCase):
    """What is logged says where the exception was raised."""

    def _assert_traceback(self, result):
        frames = traceback.extract_tb(result.exc_info[2])
        self.assertIn("raise_error", [frame.name for frame in frames])

    def test_of_an_unknown_exception(self):
        self._assert_traceback(self.raise_below(self.make_app(), Refusal("cause")))

    def test_of_an_answered_exception(self):
        # starlette._exception_handler removes it from the exception
        self._assert_traceback(
            self.raise_below(self.make_app(), HTTPException(500, "told"))
        )

    def test_of_an_exception_with_a_handler(self):
        def answer(request, exc):
            return PlainTextResponse("broken", 503)

        app = self.make_app(handlers={Refusal: answer})
        self._assert_traceback(self.raise_below(app, Refusal("cause")))

    def test_of_a_transaction_error(self):
        error = psycopg2.errors.SerializationFailure("cause")
        self._assert_traceback(self.raise_below(self.make_app(), error))


class TestMiddleware(FailuresCase):
    """Error answers pass the middleware of the app."""

    CORS = (CORSMiddleware, {"allow_origins": [ORIGIN]})

    def _assert_cors(self, result, code):
        self.assertTrue(result.answered)
        self.assertEqual(result.code, code)
        self.assertEqual(result.header("access-control-allow-origin"), [ORIGIN])

    def test_cors_headers_of_exceptions(self):
        app = self.make_app(self.CORS)
        for error, code in (
            (HTTPException(401), 401),
            (UserError("told"), 400),
            (Refusal("cause"), 500),
            (HTTPException(503), 503),
        ):
            with self.subTest(code):
                result = self.raise_below(app, error, HTTP_ORIGIN=ORIGIN)
                self._assert_cors(result, code)

    def test_cors_headers_of_validation_errors(self):
        app = self.make_app(self.CORS)

        @app.get("/number")
        def number(n: int) -> int:
            return n

        self._assert_cors(self.call(app, "/number", HTTP_ORIGIN=ORIGIN), 422)

    def test_cors_headers_of_an_unknown_path(self):
        app = self.make_app(self.CORS)
        self._assert_cors(self.call(app, "/unknown", HTTP_ORIGIN=ORIGIN), 404)

    def test_cors_preflight(self):
        result = self.call(
            self.make_app(self.CORS),
            method="OPTIONS",
            HTTP_ORIGIN=ORIGIN,
            HTTP_ACCESS_CONTROL_REQUEST_METHOD="GET",
        )
        self._assert_cors(result, 200)
        self.assertIsNone(result.exc_info)

    def test_cors_headers_of_a_foreign_app(self):
        app = FastAPI(middleware=[Middleware(self.CORS[0], **self.CORS[1])])

        @app.get("/")
        def handler() -> None:
            raise Refusal("cause")

        prepare_app(app)
        self._assert_cors(self.call(app, HTTP_ORIGIN=ORIGIN), 500)

    def test_base_http_middleware(self):
        async def dispatch(request, call_next):
            response = await call_next(request)
            response.headers["x-status"] = str(response.status_code)
            return response

        app = self.make_app((BaseHTTPMiddleware, {"dispatch": dispatch}))
        # an exception without a handler is raised by call_next, as on other servers
        for error, code, seen in (
            (UserError("told"), 400, ["400"]),
            (Refusal("cause"), 500, []),
        ):
            with self.subTest(code):
                result = self.raise_below(app, error)
                self.assertTrue(result.answered)
                self.assertEqual(result.code, code)
                self.assertEqual(result.header("x-status"), seen)
                self.assertIs(result.exception, error)

    def test_answer_changed_by_middleware_is_still_reported(self):
        async def dispatch(request, call_next):
            with contextlib.suppress(Refusal):
                await call_next(request)
            return PlainTextResponse("all is well")

        app = self.make_app((BaseHTTPMiddleware, {"dispatch": dispatch}))
        for error in (UserError("told"), Refusal("cause")):
            with self.subTest(type(error)):
                result = self.raise_below(app, error)
                self.assertEqual((result.code, result.body), (200, b"all is well"))
                self.assertIs(result.exception, error)

    def test_exception_of_a_middleware(self):
        error = Refusal("cause")

        async def dispatch(request, call_next):
            raise error

        app = self.make_app((BaseHTTPMiddleware, {"dispatch": dispatch}))
        result = self.call(app)
        self.assertAnswer(result, 500, {"detail": "Internal Server Error"})
        self.assertIs(result.exception, error)

    def test_exception_of_a_middleware_after_the_answer(self):
        error = Refusal("cause")

        async def dispatch(request, call_next):
            await call_next(request)
            raise error

        app = self.make_app((BaseHTTPMiddleware, {"dispatch": dispatch}))
        result = self.raise_below(app, UserError("told"))
        self.assertAnswer(result, 500, {"detail": "Internal Server Error"})
        self.assertIs(result.exception, error)


class TestTransactionErrors(FailuresCase):
    """What Odoo replays is answered by nobody."""

    ERRORS = (
        psycopg2.errors.SerializationFailure("cause"),
        psycopg2.errors.DeadlockDetected("cause"),
        psycopg2.errors.LockNotAvailable("cause"),
        psycopg2.errors.UniqueViolation("cause"),
        psycopg2.errors.ReadOnlySqlTransaction("cause"),
        psycopg2.OperationalError("cause"),
        ConcurrencyError("cause"),
    )

    def _assert_unanswered(self, result, error):
        self.assertFalse(result.answered)
        self.assertIs(result.exception, error)
        self.assertEqual(result.code, 500)
        self.assertNotIn(b"cause", result.body)

    def test_types(self):
        for error in self.ERRORS:
            self.assertIsInstance(error, TRANSACTION_ERRORS)
        self.assertNotIsInstance(UserError("told"), TRANSACTION_ERRORS)

    def test_default_handlers(self):
        app = self.make_app()
        for error in self.ERRORS:
            with self.subTest(type(error).__name__):
                self._assert_unanswered(self.raise_below(app, error), error)

    def test_handlers_of_the_app(self):
        called = []

        def answer(request, exc):
            called.append(exc)
            return PlainTextResponse("answered")

        async def answer_async(request, exc):
            called.append(exc)
            return PlainTextResponse("answered")

        for handler in (answer, answer_async):
            for key in (psycopg2.Error, psycopg2.OperationalError, Exception, 500):
                app = self.make_app(handlers={key: handler, ConcurrencyError: handler})
                for error in (self.ERRORS[0], self.ERRORS[-1]):
                    with self.subTest(handler=handler.__name__, key=key, error=error):
                        self._assert_unanswered(self.raise_below(app, error), error)
                        self.assertEqual(called, [])

    def test_base_http_middleware(self):
        async def dispatch(request, call_next):
            return await call_next(request)

        app = self.make_app((BaseHTTPMiddleware, {"dispatch": dispatch}))
        error = self.ERRORS[0]
        self._assert_unanswered(self.raise_below(app, error), error)

    def test_swallowed_by_a_middleware(self):
        app = self.make_app((SwallowMiddleware, {}))
        for error in self.ERRORS:
            with self.subTest(type(error).__name__):
                self._assert_unanswered(self.raise_below(app, error), error)

    def test_raised_by_an_exception_handler(self):
        error = self.ERRORS[0]

        def answer(request, exc):
            raise error

        app = self.make_app(handlers={Refusal: answer})
        self._assert_unanswered(self.raise_below(app, Refusal("first")), error)

    def test_raised_after_yield(self):
        error = self.ERRORS[0]

        def dependency():
            yield
            raise error

        app = self.make_app()

        @app.get("/dependent", dependencies=[Depends(dependency)])
        def dependent() -> str:
            return "answer"

        self._assert_unanswered(self.call(app, "/dependent"), error)

    def test_replay_is_answered(self):
        app = self.make_app()
        self._assert_unanswered(self.raise_below(app, self.ERRORS[0]), self.ERRORS[0])
        result = self.raise_below(app, None)
        self.assertAnswer(result, 200, "fine")
        self.assertIsNone(result.exc_info)


class TestTeardown(FailuresCase):
    """Code after ``yield`` runs when the answer is there, and may still fail."""

    def _app(self, dependency, *middleware, **kwargs):
        app = self.make_app(*middleware, **kwargs)

        @app.get("/dependent")
        def dependent(value: Annotated[None, Depends(dependency)]) -> str:
            return "answer"

        return app

    def _dependency(self, error, is_async=False):
        def dependency():
            yield
            raise error

        async def dependency_async():
            yield
            raise error

        return dependency_async if is_async else dependency

    def test_exception_comes_out_as_it_was_raised(self):
        for is_async in (False, True):
            # with a handler of the app, and without one
            for error, code in (
                (UserError("told"), 400),
                (HTTPException(409), 409),
                (Refusal("cause"), 500),
            ):
                with self.subTest(is_async=is_async, error=error):
                    app = self._app(self._dependency(error, is_async))
                    result = self.call(app, "/dependent")
                    self.assertIs(result.exception, error)
                    self.assertTrue(result.answered)
                    self.assertEqual(result.code, code)
                    self.assertNotIn(b"answer", result.body)

    def test_exception_below_base_http_middleware(self):
        async def dispatch(request, call_next):
            return await call_next(request)

        for error, code in ((UserError("told"), 400), (Refusal("cause"), 500)):
            with self.subTest(type(error).__name__):
                app = self._app(
                    self._dependency(error),
                    (BaseHTTPMiddleware, {"dispatch": dispatch}),
                    (BaseHTTPMiddleware, {"dispatch": dispatch}),
                )
                result = self.call(app, "/dependent")
                self.assertIs(result.exception, error)
                self.assertTrue(result.answered)
                self.assertEqual(result.code, code)

    def test_exception_swallowed_by_a_middleware_is_still_reported(self):
        for error in (
            UserError("told"),
            Refusal("cause"),
            psycopg2.errors.SerializationFailure("cause"),
        ):
            with self.subTest(type(error).__name__):
                app = self._app(self._dependency(error), (SwallowMiddleware, {}))
                self.assertIs(self.call(app, "/dependent").exception, error)

    def test_exception_of_a_route_added_later_swallowed_by_a_middleware(self):
        error = psycopg2.errors.SerializationFailure("cause")
        app = self.make_app((SwallowMiddleware, {}))
        self.assertAnswer(self.call(app), 200, "fine")

        @app.get("/late", dependencies=[Depends(self._dependency(error))])
        def late() -> str:
            return "answer"

        self.assertIs(self.call(app, "/late").exception, error)

    def test_exception_of_a_starlette_route_swallowed_by_a_middleware(self):
        error = psycopg2.errors.SerializationFailure("cause")

        class FailingResponse(PlainTextResponse):
            async def __call__(self, scope, receive, send):
                await super().__call__(scope, receive, send)
                raise error

        app = self.make_app((SwallowMiddleware, {}))
        app.add_route("/plain", lambda request: FailingResponse("answer"))
        self.assertIs(self.call(app, "/plain").exception, error)

    def test_exception_with_a_handler_for_runtime_errors(self):
        # starlette wraps what it can't answer any more in one of these
        def answer(request, exc):
            return PlainTextResponse("answered")

        error = UserError("told")
        app = self._app(self._dependency(error), handlers={RuntimeError: answer})
        self.assertIs(self.call(app, "/dependent").exception, error)

    def test_teardown_sees_the_exception_of_the_handler(self):
        seen = []

        def dependency():
            try:
                yield
            except UserError as exc:
                seen.append(exc)
                raise

        app = self.make_app()
        error = UserError("told")

        @app.get("/dependent")
        def dependent(value: Annotated[None, Depends(dependency)]) -> None:
            raise error

        result = self.call(app, "/dependent")
        self.assertEqual(seen, [error])
        self.assertAnswer(result, 400, {"detail": "told"})
        self.assertIs(result.exception, error)

    def test_exception_replaced_in_teardown(self):
        error = HTTPException(409, "replaced")

        def dependency():
            try:
                yield
            except Refusal as exc:
                raise error from exc

        app = self.make_app()

        @app.get("/dependent")
        def dependent(value: Annotated[None, Depends(dependency)]) -> None:
            raise Refusal("cause")

        result = self.call(app, "/dependent")
        self.assertAnswer(result, 409, {"detail": "replaced"})
        self.assertIs(result.exception, error)


class TestSharedMounts(FailuresCase):
    def test_mount_that_apps_share_is_watched_once(self):
        plain = FastAPI()

        @plain.get("/")
        def handler() -> None:
            raise HTTPException(409, "told")

        mount = Mount("/mounted", app=plain)
        for _build in range(3):
            app = EndpointFastAPI(routes=[mount])
            prepare_app(app)
            result = self.call(app, "/mounted/")
            self.assertAnswer(result, 409, {"detail": "told"})
            self.assertIsInstance(result.exception, HTTPException)
        self.assertIs(mount.app.app, plain)


class TestCustomHandlers(FailuresCase):
    @staticmethod
    def _answer(request, exc):
        return JSONResponse({"error": type(exc).__name__}, 418)

    @staticmethod
    async def _answer_async(request, exc):
        return JSONResponse({"error": type(exc).__name__}, 418)

    def _assert_custom(self, app, error):
        result = self.raise_below(app, error)
        self.assertAnswer(result, 418, {"error": type(error).__name__})
        self.assertIs(result.exception, error)

    def test_for_a_type(self):
        for handler in (self._answer, self._answer_async):
            with self.subTest(handler.__name__):
                app = self.make_app(handlers={Refusal: handler})
                self._assert_custom(app, Refusal("cause"))

    def test_for_a_base_type(self):
        app = self.make_app(handlers={LookupError: self._answer})
        self._assert_custom(app, KeyError("cause"))

    def test_for_a_type_of_the_table(self):
        app = self.make_app(handlers={UserError: self._answer})
        self._assert_custom(app, UserError("told"))

    def test_for_http_exceptions_by_status(self):
        app = self.make_app(handlers={404: self._answer})
        self.assertAnswer(self.call(app, "/x"), 418, {"error": "HTTPException"})
        result = self.raise_below(app, HTTPException(403, "told"))
        self.assertAnswer(result, 403, {"detail": "told"})

    def test_for_every_exception(self):
        for handler in (self._answer, self._answer_async):
            with self.subTest(handler.__name__):
                app = self.make_app(handlers={Exception: handler})
                self._assert_custom(app, Refusal("cause"))

    def test_for_status_500(self):
        app = EndpointFastAPI(exception_handlers={500: self._answer})

        @app.get("/")
        def handler() -> None:
            raise Refusal("cause")

        self.assertAnswer(self.call(app), 418, {"error": "Refusal"})

    def test_for_status_500_instead_of_the_default_one(self):
        # the last one counts, as in Starlette.build_middleware_stack
        for handler in (self._answer, self._answer_async):
            with self.subTest(handler.__name__):
                app = self.make_app(handlers={500: handler})
                self._assert_custom(app, Refusal("cause"))

    def test_added_with_add_exception_handler(self):
        for key in (Refusal, Exception, 500):
            with self.subTest(key):
                app = self.make_app()
                app.add_exception_handler(key, self._answer)
                self._assert_custom(app, Refusal("cause"))

    def test_added_with_the_decorator(self):
        app = self.make_app()
        app.exception_handler(Refusal)(self._answer)
        self._assert_custom(app, Refusal("cause"))

    def test_answer_passes_the_middleware(self):
        for key in (Refusal, Exception):
            with self.subTest(key):
                app = self.make_app((MarkMiddleware, {}), handlers={key: self._answer})
                result = self.raise_below(app, Refusal("cause"))
                self.assertEqual(result.header("x-passed"), ["yes"])

    def test_handler_that_fails(self):
        def fail(request, exc):
            raise KeyError("in the handler") from exc

        for key in (Refusal, Exception):
            with self.subTest(key):
                app = self.make_app(handlers={key: fail})
                result = self.raise_below(app, Refusal("cause"))
                self.assertEqual(result.code, 500)
                self.assertIsInstance(result.exception, KeyError)
                self.assertNotIn(b"in the handler", result.body)

    def test_handler_gets_the_request(self):
        def answer(request, exc):
            return PlainTextResponse(f"{request.method} {request.url.path}")

        for key in (Refusal, Exception):
            with self.subTest(key):
                app = self.make_app(handlers={key: answer})
                result = self.raise_below(app, Refusal("cause"))
                self.assertEqual(result.body, b"GET /")

    def test_handlers_are_not_shared(self):
        handlers = {**default_exception_handlers(), Refusal: self._answer}
        before = dict(handlers)
        for _app in range(2):
            app = EndpointFastAPI(exception_handlers=handlers)
            prepare_app(app)
            self.call(app)
        self.assertEqual(handlers, before)


class TestExceptionFromOutside(FailuresCase):
    """Odoo hands an exception in, that came up after the app was done."""

    def _give(self, app, error, path="/", **more):
        return self.call(
            app,
            environ=make_environ(
                path, **{STATE_KEY: RequestState(injected=error)}, **more
            ),
        )

    def test_answer(self):
        error = UserError("late")
        result = self._give(self.make_app(), error)
        self.assertAnswer(result, 400, {"detail": "late"})
        self.assertIs(result.exception, error)

    def test_path_is_not_looked_at(self):
        for path in ("/unknown", "/docs", "/openapi.json"):
            with self.subTest(path):
                result = self._give(self.make_app(), UserError("late"), path)
                self.assertAnswer(result, 400, {"detail": "late"})

    def test_method_is_not_looked_at(self):
        for method in ("DELETE", "HEAD"):
            with self.subTest(method):
                result = self._give(self.make_app(), UserError("late"), method=method)
                self.assertEqual(result.code, 400)

    def test_nothing_of_the_route_runs(self):
        ran = []
        app = self.make_app()
        app.router.dependencies.append(Depends(lambda: ran.append("dependency")))

        @app.get("/route")
        def route() -> None:
            ran.append("handler")

        self.assertEqual(self.call(app, "/route").code, 200)
        self.assertEqual(ran, ["dependency", "handler"])
        self._give(app, UserError("late"), "/route")
        self.assertEqual(ran, ["dependency", "handler"])

    def test_handlers_of_the_app(self):
        def answer(request, exc):
            return JSONResponse({"error": str(exc)}, 418)

        for key, error in (
            (Refusal, Refusal("late")),
            (Exception, Refusal("late")),
            (UserError, UserError("late")),
        ):
            with self.subTest(key):
                result = self._give(self.make_app(handlers={key: answer}), error)
                self.assertAnswer(result, 418, {"error": "late"})

    def test_middleware_of_the_app(self):
        result = self._give(self.make_app((MarkMiddleware, {})), UserError("late"))
        self.assertEqual(result.header("x-passed"), ["yes"])

    def test_transaction_error_is_answered(self):
        # after the last replay: nobody will try again
        error = psycopg2.errors.SerializationFailure("secret")
        result = self._give(self.make_app(), error)
        self.assertAnswer(result, 500, {"detail": "Internal Server Error"})
        self.assertIs(result.exception, error)

    def test_transaction_error_is_answered_by_a_handler_of_the_app(self):
        def answer(request, exc):
            return JSONResponse("busy", 503)

        app = self.make_app(handlers={psycopg2.OperationalError: answer})
        error = psycopg2.errors.SerializationFailure("secret")
        self.assertAnswer(self._give(app, error), 503, "busy")

    def test_next_request_is_not_affected(self):
        app = self.make_app()
        self._give(app, UserError("late"))
        self.assertAnswer(self.call(app), 200, "fine")


class TestHandleError(FailuresCase):
    """``handle_error`` of the dispatcher shapes what no handler of the app does."""

    def _call(self, app, handle_error):
        return self.call(
            app,
            environ=make_environ(
                **{STATE_KEY: RequestState(handle_error=handle_error)}
            ),
        )

    def test_answer(self):
        asked = []

        def handle_error(exc):
            asked.append(exc)
            response = WerkzeugResponse("shaped", 418, content_type="text/x-shape")
            response.set_cookie("a", "1")
            response.set_cookie("b", "2")
            return response

        app = self.make_app((MarkMiddleware, {}))
        for error in (UserError("told"), Refusal("cause"), HTTPException(404)):
            with self.subTest(type(error).__name__):
                app.state.error = error
                result = self._call(app, handle_error)
                self.assertEqual(asked[-1], error)
                self.assertTrue(result.answered)
                self.assertEqual((result.code, result.body), (418, b"shaped"))
                self.assertEqual(result.header("content-type"), ["text/x-shape"])
                self.assertEqual(len(result.header("set-cookie")), 2)
                self.assertEqual(result.header("x-passed"), ["yes"])
                self.assertIs(result.exception, error)

    def test_handler_of_the_app_comes_first(self):
        def answer(request, exc):
            return PlainTextResponse("of the app")

        def handle_error(exc):
            raise AssertionError("not reached")

        app = self.make_app(handlers={Refusal: answer})
        app.state.error = Refusal("cause")
        self.assertEqual(self._call(app, handle_error).body, b"of the app")


class TestOriginalException(BaseCase):
    def _wrap(self, exc, times=1):
        for _level in range(times):
            wrapped = RuntimeError(
                "Caught handled exception, but response already started."
            )
            wrapped.__cause__ = exc
            exc = wrapped
        return exc

    def test_plain(self):
        error = ValueError("cause")
        self.assertIs(original_exception(error), error)

    def test_wrapped(self):
        error = ValueError("cause")
        for times in (1, 2, 3):
            self.assertIs(original_exception(self._wrap(error, times)), error)

    def test_runtime_error_of_somebody_else(self):
        error = RuntimeError("something")
        error.__cause__ = ValueError("cause")
        self.assertIs(original_exception(error), error)

    def test_without_cause(self):
        error = RuntimeError("response already started")
        self.assertIs(original_exception(error), error)
