# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The state of a request: one for each attempt, shared by copies of its scope."""

import gc
import weakref
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader

from ...app.prepare import EndpointFastAPI
from ...auth import Authentication, Caller, Way
from ...bridge import STATE_KEY, RequestState, WsgiApp, get_state
from ...context import odoo_env_ctx
from ..bridge_case import BridgeCase, make_environ


class PartnerIdWay(Way):
    """The credential is the id of a partner."""

    name = "partner_id"
    scheme = APIKeyHeader(name="X-Partner", auto_error=False)

    def authenticate(self, credential, connection, env):
        return Caller(self.name, int(credential))


class TestRequestState(BridgeCase):
    def setUp(self):
        super().setUp()
        self.states = []

        async def app(scope, receive, send):
            self.states.append(get_state(scope))
            await send({"type": "http.response.start", "status": 204})
            await send({"type": "http.response.body"})

        self.app = app

    def test_state_of_the_environ(self):
        state = RequestState()
        environ = make_environ(**{STATE_KEY: state})
        WsgiApp(self.app, name="Orders")(environ, lambda *_args: None)
        self.assertIs(self.states[0], state)
        self.assertEqual((state.name, state.app), ("Orders", self.app))

    def test_each_request_without_one_gets_its_own(self):
        for _time in range(2):
            self.call(self.app)
        first, second = self.states
        self.assertIsNot(first, second)
        self.assertIsNot(first.errors, second.errors)

    def test_state_is_gone_without_the_garbage_collector(self):
        self.call(self.app)
        state = weakref.ref(self.states.pop())
        gc.disable()
        self.addCleanup(gc.enable)
        self.call(self.app)
        self.assertIsNotNone(self.states[0])
        self.assertIsNone(state())

    def test_no_state_without_the_bridge(self):
        self.assertIsNone(get_state({"type": "http"}))


class TestRequestsToItself(BridgeCase):
    def test_callers_of_copied_scopes_are_not_mixed_up(self):
        """An app may send itself requests with other credentials."""
        app = EndpointFastAPI()
        authenticate = Authentication([PartnerIdWay()]).make_dependency(optional=False)
        partners = []

        @app.get("/partner")
        def partner(caller: Annotated[Caller, Depends(authenticate)]) -> None:
            partners.append(caller.partner_id)

        @app.get("/batch")
        async def batch(request: Request) -> None:
            async def send(message):
                pass

            for partner_id in (b"2", b"3"):
                headers = [(b"x-partner", partner_id)]
                scope = {**request.scope, "path": "/partner", "headers": headers}
                await app(scope, request.receive, send)

        token = odoo_env_ctx.set(None)
        self.addCleanup(odoo_env_ctx.reset, token)
        self.assertEqual(self.call(app, "/batch").code, 200)
        self.assertEqual(partners, [2, 3])
