# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Test cases for routers and apps: for the tests of this addon and of all others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Any

from anyio import to_thread
from fastapi.testclient import TestClient
from psycopg2 import IntegrityError
from starlette.requests import Request
from werkzeug.test import create_environ

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from odoo.addons.base.tests.common import TransactionCaseWithUserDemo

from ..app.prepare import EndpointFastAPI, prepare_app
from ..auth import Caller
from ..auth.overrides import find_ways
from ..bridge import WsgiApp
from ..bridge.request_errors import original_exception
from ..bridge.request_state import STATE_KEY, RequestState
from ..context import odoo_env_ctx
from ..dependencies import (
    authenticated_caller,
    authenticated_partner_impl,
    odoo_env,
    optionally_authenticated_caller,
    optionally_authenticated_partner_impl,
)
from ..error_handlers import default_exception_handler, default_exception_handlers
from ..error_handlers import raise_server_exceptions as raise_server_exceptions_ctx
from ..exceptions import CommittedHTTPException
from ..transaction_errors import get_swallowed_error, remember_errors

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI
    from starlette.types import Message, Receive, Scope, Send

    from odoo.api import Environment
    from odoo.sql_db import Savepoint

    from odoo.addons.base.models.res_partner import ResPartner
    from odoo.addons.base.models.res_users import ResUsers

    from ..app.tasks import TaskRun
    from ..bridge import ResponseBody

    Overrides = dict[Callable[..., Any], Callable[..., Any]]
    #: Status, header pairs and body.
    Response = tuple[int, list[tuple[bytes, bytes]], bytes]

__all__ = ["FastAPITransactionCase"]

#: The server's: what a test expects or mutes there, it finds here.
_logger = logging.getLogger("odoo.addons.fastapi.after_response")


@tagged("post_install", "-at_install")
class FastAPITransactionCase(TransactionCaseWithUserDemo):
    """Calls a router or an app without a server, on the test's own cursor.

    A subclass sets the class attributes to what most of its tests need, as attributes
    of the class or in ``setUpClass``; each can be given to
    :meth:`_create_test_client` instead::

        class TestDemoRouter(FastAPITransactionCase):
            default_fastapi_router = demo_router

            def test_hello(self):
                with self._create_test_client() as client:
                    self.assertEqual(client.get("/demo").json(), {"Hello": "World"})
    """

    #: App to call.
    default_fastapi_app: FastAPI | None = None
    #: Router to call, added to the app; in an app of its own if there is none.
    default_fastapi_router: APIRouter | None = None
    #: Environment of the handlers; None for the test's own.
    default_fastapi_odoo_env: Environment | None = None
    #: User of the handlers; None for the environment's.
    default_fastapi_running_user: ResUsers | None = None
    #: Partner who calls; None for nobody.
    default_fastapi_authenticated_partner: ResPartner | None = None
    #: Dependency overrides.
    default_fastapi_dependency_overrides: Overrides = {}

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, tracking_disable=True))
        if cls.default_fastapi_odoo_env is None:
            cls.default_fastapi_odoo_env = cls.env
        # a copy: what a subclass adds is not for the others
        cls.default_fastapi_dependency_overrides = dict(
            cls.default_fastapi_dependency_overrides
        )

    @contextmanager
    def _create_test_client(
        self,
        app: FastAPI | None = None,
        router: APIRouter | None = None,
        user: ResUsers | None = None,
        partner: ResPartner | None = None,
        env: Environment | None = None,
        dependency_overrides: Overrides | None = None,
        raise_server_exceptions: bool = True,
        testclient_kwargs: dict[str, Any] | None = None,
    ) -> Iterator[TestClient]:
        """Provide a client that calls the handlers in the given circumstances.

        An app of an endpoint answers below the endpoint's root path as well as at its
        own paths. What is not given comes from the class attributes. An app's own
        dependency overrides are kept, except those that are replaced. A request that
        has an ``Accept-Language`` header is answered in that language, any other one
        in the language of the environment.

        What is no answer on purpose (``HTTPException``) is raised in the test, as it
        was raised: by a handler, a background task or the generator of a stream. What
        was written before stays, as in any test.

        With ``raise_server_exceptions=False`` the answer is the server's. A failing
        handler is rolled back. Background tasks, and a stream after its first chunk,
        run afterwards, each with a savepoint for its transaction; where one fails, it
        alone is rolled back and logged, as in the server by
        ``odoo.addons.fastapi.after_response``. The body of a stream that fails ends
        with the last chunk before: only the log tells that it is cut off.

        :param app: app to call
        :param router: router to call, added to the app
        :param user: user of the handlers; of an app that runs as the caller, who calls
        :param partner: partner who calls, for ``authenticated_partner_impl`` and
            ``optionally_authenticated_partner_impl``; an app that runs as the caller
            runs as the partner's user
        :param env: environment of the handlers
        :param dependency_overrides: dependency overrides, beside the default ones
        :param raise_server_exceptions: raise exceptions, so that a test sees their
            cause; False for what the server would do
        :param testclient_kwargs: more arguments for the client
        :raises ValueError: partner and override say differently who calls
        """
        env = env or self.default_fastapi_odoo_env
        user = user or self.default_fastapi_running_user
        partner = partner or self.default_fastapi_authenticated_partner
        app = app or self.default_fastapi_app
        if app is None:
            app = EndpointFastAPI(exception_handlers=default_exception_handlers())
        runs_as_caller = getattr(app.state, "odoo_runs_as_caller", False)
        if runs_as_caller and (user or partner):
            user = user or _only_user(partner)
            partner = partner or user.partner_id
        if user:
            env = env(user=user)
        if runs_as_caller and user:
            env = env(context=dict(env.context, authenticated_partner_id=partner.id))
        router = router or self.default_fastapi_router
        if router is not None:
            app.include_router(router)
        overrides = {
            **self.default_fastapi_dependency_overrides,
            **(dependency_overrides or {}),
        }
        if runs_as_caller and user:
            overrides.setdefault(odoo_env, odoo_env)
            overrides.setdefault(authenticated_caller, _caller_of(user, partner))
            overrides.setdefault(
                optionally_authenticated_caller, _caller_of(user, partner)
            )
        for impl in (authenticated_partner_impl, optionally_authenticated_partner_impl):
            if partner and impl in overrides:
                raise ValueError(
                    f"Both a partner ({partner}) and an override of {impl.__name__} "
                    "are given: the test can't tell who calls."
                )
            if partner or (
                impl not in overrides and impl not in app.dependency_overrides
            ):
                overrides[impl] = _caller(partner)
        own_overrides = app.dependency_overrides
        app.dependency_overrides = {**own_overrides, **overrides}
        client_kwargs = {
            "root_path": getattr(app.state, "odoo_root_path", ""),
            "raise_server_exceptions": raise_server_exceptions,
            **(testclient_kwargs or {}),
        }
        cursor_class = type(env.cr)
        remember_errors(env.cr)
        env_token = odoo_env_ctx.set(env)
        raise_token = raise_server_exceptions_ctx.set(raise_server_exceptions)
        try:
            with env["fastapi.endpoint"]._app_context():
                app_class = _RaisingApp if raise_server_exceptions else _ServedApp
                client = TestClient(app_class(app), **client_kwargs)
                client.app = app  # a test may look at it
                yield client
        finally:
            raise_server_exceptions_ctx.reset(raise_token)
            odoo_env_ctx.reset(env_token)
            env.cr.__class__ = cursor_class
            app.dependency_overrides = own_overrides


class _RaisingApp:
    """An app whose exceptions reach the test as they were raised.

    :param app: app to call
    """

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        env = odoo_env_ctx.get()
        header = Request(scope).headers.get("Accept-Language")
        lang = env["res.lang"]._get_lang_from_accept_language(header)
        if lang:
            env = env(context=dict(env.context, lang=lang))
        token = odoo_env_ctx.set(env)
        transaction = env.transaction
        default_env = transaction.default_env
        for way in find_ways(self.app.dependency_overrides):
            prepare = way.prepare(Request(scope).headers)
            if prepare is not None:
                prepare()
        try:
            await self._answer(scope, receive, send)
        finally:
            odoo_env_ctx.reset(token)
            transaction.default_env = default_env  # not of the caller's user any more

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        error = None
        status = 0

        async def watch(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as exc:
            error = original_exception(exc)
        if error is None and status < 400:  # others save nothing in the server either
            error = get_swallowed_error(odoo_env_ctx.get().cr)
        if error is not None:  # out here: its context is not what wrapped it
            raise error


class _ServedApp(_RaisingApp):
    """An app as the server has it: a savepoint stands for each transaction."""

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        prepare_app(self.app)
        body = await Request(scope, receive).body()
        # the bridge runs a loop of its own, on a thread that runs none
        status, headers, content = await to_thread.run_sync(self._serve, scope, body)
        await send(
            {"type": "http.response.start", "status": status, "headers": headers}
        )
        await send({"type": "http.response.body", "body": content})

    def _serve(self, scope: Scope, body: bytes) -> Response:
        """Answer a request as the server does."""
        try:
            return self._call(scope, body)
        except IntegrityError as err:
            exc: Exception = _validation_error(err)
        except Exception as err:
            exc = err
        try:
            return self._call(scope, body, exc)
        except Exception:
            request = Request({**scope, "app": self.app})
            response = default_exception_handler(request, exc)
            return response.status_code, response.raw_headers, response.body

    def _call(
        self, scope: Scope, body: bytes, given: Exception | None = None
    ) -> Response:
        """Call the app as the dispatcher does.

        :param given: an exception that the app is to answer
        :raises Exception: what the app leaves unanswered
        """
        status, headers, exc = 0, [], None

        def start_response(line: str, pairs: Any, exc_info: Any = None) -> None:
            nonlocal status, headers, exc
            status = int(line[:3])
            headers = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in pairs]
            exc = exc_info and exc_info[1]

        async def app(bridged: Scope, receive: Receive, send: Send) -> None:
            state.app = self.app
            # the bridge knows none of the extensions that the client offers
            more = {"extensions": {}, STATE_KEY: state}
            await self.app({**scope, **more}, receive, send)

        chunks: list[bytes] = []
        env = odoo_env_ctx.get()
        flushed = True

        def flush() -> None:
            nonlocal flushed
            flushed = False
            env.cr.flush()
            flushed = True

        environ = create_environ(data=body)
        state = environ[STATE_KEY] = RequestState(injected=given, flush=flush)
        with _transaction() as savepoint, ExitStack() as stack:
            answer = WsgiApp(app)(environ, start_response)
            stack.callback(answer.close)  # in the transaction, whatever goes wrong
            if not answer.answered:
                raise exc
            error = get_swallowed_error(env.cr)
            if error is not None and (
                exc is None or isinstance(exc, CommittedHTTPException)
            ):
                raise error
            kept = given is None and (
                exc is None or (flushed and isinstance(exc, CommittedHTTPException))
            )
            if not (kept and answer.streaming):
                chunks.extend(answer)
            if not kept:
                savepoint.rollback()
                env.registry.reset_changes()
            env.cr.flush()
            _raise_swallowed_error()
            if kept and answer.streaming:
                stack.pop_all()
        if kept and (not answer.streaming or _read(answer, chunks)):
            _run_tasks(answer)
        return status, headers, b"".join(chunks)


@contextmanager
def _transaction() -> Iterator[Savepoint]:
    """Provide a savepoint, flushed in the end, rolled back after an exception."""
    env = odoo_env_ctx.get()
    try:
        with env.cr.savepoint() as savepoint:
            yield savepoint
    except BaseException:
        env.registry.reset_changes()
        raise


def _read(stream: ResponseBody, chunks: list[bytes]) -> bool:
    """Return whether a stream comes to its end."""
    try:
        with _transaction(), closing(stream):
            for chunk in stream:
                chunks.append(chunk)
            _raise_swallowed_error()
    except Exception:
        _logger.exception("A stream failed, and is cut off.")
        return False
    return True


def _run_tasks(answer: ResponseBody) -> None:
    tasks = answer.tasks()
    for task in tasks:
        task.context.run(_run_task, task)
    for task in tasks:
        task.close()


def _run_task(task: TaskRun) -> None:
    try:
        with _transaction():
            task()
            _raise_swallowed_error()
    except (Exception, SystemExit, GeneratorExit):
        _logger.exception("%s failed, and is rolled back.", task)


def _raise_swallowed_error() -> None:
    error = get_swallowed_error(odoo_env_ctx.get().cr)
    if error is not None:
        raise error


def _validation_error(exc: IntegrityError) -> ValidationError:
    """Return what ``odoo.service.model.retrying`` makes of it after a rollback."""
    env = odoo_env_ctx.get()
    model = env["base"]
    for model_class in env.registry.values():
        if exc.diag.table_name == model_class._table:
            model = env[model_class._name]
            break
    message = model._sql_error_to_message(exc)
    try:  # where it is raised, and why, decides whether clients read the text
        raise ValidationError(
            env._("The operation cannot be completed: %s", message)
        ) from exc
    except ValidationError as error:
        return error


def _only_user(partner: ResPartner) -> ResUsers:
    """Return the user of a partner; the app runs as this user.

    :raises ValueError: it has none, or several
    """
    users = partner.sudo().user_ids
    if len(users) != 1:
        raise ValueError(
            f"The app runs as the caller, and {partner} has {len(users)} active users: "
            "give a user."
        )
    return users


def _caller_of(user: ResUsers, partner: ResPartner) -> Callable[[], Caller]:
    """Return a dependency that returns the caller."""
    caller = Caller("app", partner.id, user.id)
    return lambda: caller


def _caller(partner: ResPartner | None) -> Callable[[], ResPartner]:
    """Return a dependency: a partner, or none, in the environment of the handlers.

    So the partner is bounded by the rights of the handlers.
    """

    def caller() -> ResPartner:
        env = odoo_env_ctx.get()
        return partner.with_env(env) if partner else env["res.partner"]

    return caller
