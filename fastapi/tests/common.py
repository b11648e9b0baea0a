# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Test cases for routers and apps, for the tests of this and other addons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fastapi.testclient import TestClient

from odoo.tests import tagged

from odoo.addons.base.tests.common import TransactionCaseWithUserDemo

from ..app.prepare import EndpointFastAPI
from ..auth import Caller
from ..context import odoo_env_ctx
from ..dependencies import (
    authenticated_caller,
    authenticated_partner_impl,
    odoo_env,
    optionally_authenticated_caller,
    optionally_authenticated_partner_impl,
    transactions,
)
from ..error_handlers import default_exception_handlers
from ..error_handlers import raise_server_exceptions as raise_server_exceptions_ctx
from ..transaction_errors import remember_errors
from .called_apps import RaisingApp, ServedApp
from .savepoints import savepoint_works
from .websocket_session import SessionClient

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI

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
        handler, a background task or the generator of a stream. So do those of pending
        changes, which are flushed after each response with a status below 400. What was
        written before stays, as in any test.

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
                app_class = RaisingApp if raise_server_exceptions else ServedApp
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
