# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Test cases for routers and apps, for the tests of this and other addons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from anyio import to_thread
from fastapi.testclient import TestClient
from starlette.requests import HTTPConnection, Request
from werkzeug.test import create_environ

from odoo.modules.registry import DummyRLock, Registry
from odoo.service.model import retrying
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
    transactions,
)
from ..error_handlers import default_exception_handler, default_exception_handlers
from ..error_handlers import raise_server_exceptions as raise_server_exceptions_ctx
from ..exceptions import HandledError
from ..request_cycle import RequestCycle, build_response, collect
from ..transaction_errors import (
    get_swallowed_error,
    remember_errors,
)
from .savepoints import SavepointTransactions, savepoint_works, savepoints
from .websocket_session import SessionClient, raise_exceptions, serve

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI
    from starlette.types import Message, Receive, Scope, Send

    from odoo.api import Environment
    from odoo.http import Response

    from odoo.addons.base.models.res_partner import ResPartner
    from odoo.addons.base.models.res_users import ResUsers

    from ..bridge import ResponseBody

    Overrides = dict[Callable[..., Any], Callable[..., Any]]

__all__ = ["FastAPITransactionCase"]


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
    #: Router to call, added to the app, or to a new app.
    default_fastapi_router: APIRouter | None = None
    #: Environment of the handlers; None for the test's own.
    default_fastapi_odoo_env: Environment | None = None
    #: User of the handlers; None for the environment's.
    default_fastapi_running_user: ResUsers | None = None
    #: Calling partner; None for an anonymous client.
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

        An app of an endpoint responds below the endpoint's root path as well as at its
        own paths. Missing arguments come from the class attributes. An app's own
        dependency overrides are kept, except those that are replaced. The language of a
        request is that of its ``Accept-Language`` header, or else of the environment.

        Each exception except ``HTTPException`` reaches the test as it was raised: by a
        handler, a background task or the generator of a stream. What was written before
        stays, as in any test.

        With ``raise_server_exceptions=False`` the response is the server's. A failing
        handler is rolled back, and conflicts are replayed. Background tasks, and a
        stream after its first chunk, run afterwards, each with a savepoint for its
        transaction. If one fails, it alone is rolled back and logged, as in the server
        by ``odoo.addons.fastapi.after_response``. The body of a failing stream ends
        with the last chunk before. Only the log tells that it is cut off.

        ``client.websocket_connect(…)`` opens a WebSocket. Its handler runs while the
        test waits in a method of the session, on the thread of the test. With
        ``raise_server_exceptions=False``, an exception after ``accept`` closes it with
        1011. ``tx.run`` has a savepoint for its transaction.

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
        overrides.setdefault(transactions, savepoint_works)
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
                client = SessionClient(app_class(app), **client_kwargs)
                client.app = app  # a test may look at it
                try:
                    yield client
                finally:
                    client.close_sessions()
        finally:
            raise_server_exceptions_ctx.reset(raise_token)
            odoo_env_ctx.reset(env_token)
            env.cr.__class__ = cursor_class
            app.dependency_overrides = own_overrides


class _RaisingApp:
    """An app whose exceptions reach the test as they were raised.

    :param app: app to call
    """

    serve_websocket = staticmethod(raise_exceptions)

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        env = odoo_env_ctx.get()
        headers = HTTPConnection(scope).headers
        header = headers.get("Accept-Language")
        lang = env["res.lang"]._get_lang_from_accept_language(header)
        if lang:
            env = env(context=dict(env.context, lang=lang))
        token = odoo_env_ctx.set(env)
        transaction = env.transaction
        default_env = transaction.default_env
        for way in find_ways(self.app.dependency_overrides):
            prepare = way.prepare(headers)
            if prepare is not None:
                prepare()
        try:
            if scope["type"] == "websocket":
                await self.serve_websocket(self.app, scope, receive, send)
            else:
                await self._respond(scope, receive, send)
        finally:
            odoo_env_ctx.reset(token)
            transaction.default_env = default_env  # a handler may have set the caller's

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
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
        if error is None and status < 400:  # the server saves nothing after an error
            error = get_swallowed_error(odoo_env_ctx.get().cr)
        if error is not None:  # not in the except block, which would set its context
            raise error


class _ServedApp(_RaisingApp):
    """An app as the server runs it, on savepoints instead of transactions."""

    serve_websocket = staticmethod(serve)

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        prepare_app(self.app)
        content = await Request(scope, receive).body()
        # The bridge needs a thread that runs no event loop. In Odoo's own runner, the
        # main thread holds the lock of the registries while it waits for that thread.
        with patch.object(Registry, "_lock", DummyRLock()):  # as Odoo's test mode
            start, body = await to_thread.run_sync(self._serve, scope, content)
        await send({"type": "http.response.start", **start})
        await send({"type": "http.response.body", "body": body})

    def _serve(self, scope: Scope, content: bytes) -> tuple[Message, bytes]:
        """Respond to a request like ``odoo.http.Request._serve_db``.

        :return: status and headers of the response as ASGI has them, and its body
        """
        env = odoo_env_ctx.get()
        with savepoints(env.cr):
            try:
                response = retrying(partial(self._attempt, env, scope, content), env)
            except Exception as exc:
                env.cr.rollback()
                response = self._respond_to_error(scope, content, exc)
                env.cr.rollback()
            start: list[Any] = []
            environ = create_environ(method=scope["method"])
            iterable: Any = response(environ, lambda *args: start.extend(args))
            chunks: list[bytes] = []
            # raised by a stream that has failed, which is logged
            with suppress(ConnectionAbortedError), closing(iterable):
                for chunk in iterable:
                    chunks.append(chunk)
        status, headers = start
        pairs = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers]
        return {"status": int(status[:3]), "headers": pairs}, b"".join(chunks)

    def _attempt(self, env: Environment, scope: Scope, content: bytes) -> Response:
        """Call the app, and raise what rolls the request back."""
        request = SimpleNamespace(env=env)
        cycle = RequestCycle(env, request, SavepointTransactions)
        state = RequestState(flush=cycle.flush)
        body, exc, build = self._call(scope, content, state)
        response = cycle.respond(body, state, exc, build)
        if response is not None:
            cycle.start_stream()
            return response
        if cycle.error_response is not None:
            raise HandledError(exc, cycle.error_response)
        raise exc

    def _respond_to_error(
        self, scope: Scope, content: bytes, exc: Exception
    ) -> Response:
        """Return the response to an exception, by the app if it has one."""
        if isinstance(exc, HandledError):
            return exc.error_response
        with suppress(Exception):
            body, _exc, build = self._call(scope, content, RequestState(injected=exc))
            if body.handled:
                return build(collect(body))
        response = default_exception_handler(Request({**scope, "app": self.app}), exc)
        headers = response.headers.items()
        return build_response(str(response.status_code), headers, [response.body])

    def _call(
        self, scope: Scope, content: bytes, state: RequestState
    ) -> tuple[ResponseBody, Any, Callable[[Iterable[bytes]], Response]]:
        """Call the app like the dispatcher.

        :return: the body, an exception of the app, and a function that makes the
            response
        """
        start: tuple[str, list[tuple[str, str]]] = "", []
        exc = None

        def start_response(status: str, headers: Any, exc_info: Any = None) -> None:
            nonlocal start, exc
            start = status[:3], headers
            exc = exc_info and exc_info[1]

        async def app(_scope: Scope, receive: Receive, send: Send) -> None:
            state.app = self.app
            # the bridge supports none of the client's extensions
            await self.app({**scope, "extensions": {}}, receive, send)

        scope = {**scope, STATE_KEY: state}
        environ = {**create_environ(data=content), STATE_KEY: state}
        body = WsgiApp(app)(environ, start_response)
        body.scope = scope
        return body, exc, partial(build_response, *start)


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
