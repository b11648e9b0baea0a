# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Test cases for routers and apps: for the tests of this addon and of all others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fastapi.testclient import TestClient
from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from odoo.addons.base.tests.common import TransactionCaseWithUserDemo

from ..bridge.failures import FAILURE_KEY, Failure, original_exception
from ..context import odoo_env_ctx
from ..dependencies import (
    authenticated_partner_impl,
    optionally_authenticated_partner_impl,
)
from ..endpoint_app import EndpointApp
from ..error_handlers import CommittedHTTPException, default_exception_handlers
from ..error_handlers import raise_server_exceptions as raise_server_exceptions_ctx

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI
    from starlette.types import Message, Receive, Scope, Send

    from odoo.api import Environment

    from odoo.addons.base.models.res_partner import ResPartner
    from odoo.addons.base.models.res_users import ResUsers

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
        dependency overrides are kept, except those that are replaced.

        :param app: app to call
        :param router: router to call, added to the app
        :param user: user of the handlers
        :param partner: partner who calls, for ``authenticated_partner_impl`` and
            ``optionally_authenticated_partner_impl``
        :param env: environment of the handlers
        :param dependency_overrides: dependency overrides, beside the default ones
        :param raise_server_exceptions: raise the exceptions of the handlers that are
            no answer on purpose (``HTTPException``), so that a test sees their cause;
            False for what the server would do: answer, and roll back the request
        :param testclient_kwargs: more arguments for the client
        :raises ValueError: partner and override say differently who calls
        """
        env = env or self.default_fastapi_odoo_env
        user = user or self.default_fastapi_running_user
        if user:
            env = env(user=user)
        app = app or self.default_fastapi_app
        if app is None:
            app = EndpointApp(exception_handlers=default_exception_handlers())
        router = router or self.default_fastapi_router
        if router is not None:
            app.include_router(router)
        overrides = {
            **self.default_fastapi_dependency_overrides,
            **(dependency_overrides or {}),
        }
        partner = partner or self.default_fastapi_authenticated_partner
        for impl in (authenticated_partner_impl, optionally_authenticated_partner_impl):
            if partner and impl in overrides:
                raise ValueError(
                    f"Both a partner ({partner}) and an override of {impl.__name__} "
                    "are given: the test can't tell who calls."
                )
            if partner or (
                impl not in overrides and impl not in app.dependency_overrides
            ):
                # in the environment of the handlers: it is bounded by their rights
                caller = partner.with_env(env) if partner else env["res.partner"]
                overrides[impl] = _constant(caller)
        own_overrides = app.dependency_overrides
        app.dependency_overrides = {**own_overrides, **overrides}
        client_kwargs = {
            "root_path": getattr(app.state, "odoo_root_path", ""),
            "raise_server_exceptions": raise_server_exceptions,
            **(testclient_kwargs or {}),
        }
        env_token = odoo_env_ctx.set(env)
        raise_token = raise_server_exceptions_ctx.set(raise_server_exceptions)
        try:
            with env["fastapi.endpoint"]._app_context():
                yield TestClient(
                    app if raise_server_exceptions else _ServedApp(app, env),
                    **client_kwargs,
                )
        finally:
            raise_server_exceptions_ctx.reset(raise_token)
            odoo_env_ctx.reset(env_token)
            app.dependency_overrides = own_overrides


class _ServedApp:
    """An app as the server has it: flushed in the end, rolled back on an exception.

    :param app: app to call
    :param env: environment of the handlers
    """

    def __init__(self, app: FastAPI, env: Environment) -> None:
        self.app = app
        self.env = env

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        async def attempt(given: Exception | None = None) -> Exception | None:
            """Call the app, return the exception that it left unanswered."""
            messages.clear()
            failure = Failure(given)
            with self.env.cr.savepoint() as savepoint:
                try:
                    await self.app({**scope, FAILURE_KEY: failure}, receive, collect)
                    if failure.exception is None:
                        self.env.cr.flush()
                except Exception as exc:
                    failure.note(original_exception(exc))
                    unanswered = failure.exception
                else:
                    unanswered = None
                if failure.exception is not None and not (
                    unanswered is None
                    and isinstance(failure.exception, CommittedHTTPException)
                ):
                    savepoint.rollback()
            if isinstance(unanswered, IntegrityError):
                return self._validation_error(unanswered)
            return unanswered

        unanswered = await attempt()
        if unanswered is not None:
            await attempt(given=unanswered)
        for message in messages:
            await send(message)

    def _validation_error(self, exc: IntegrityError) -> ValidationError:
        """Return what ``odoo.service.model.retrying`` makes of it after a rollback."""
        model = self.env["base"]
        for model_class in self.env.registry.values():
            if exc.diag.table_name == model_class._table:
                model = self.env[model_class._name]
                break
        message = model._sql_error_to_message(exc)
        return ValidationError(
            self.env._("The operation cannot be completed: %s", message)
        )


def _constant(value: Any) -> Callable[[], Any]:
    return lambda: value
