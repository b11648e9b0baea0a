# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=missing-return
"""Overrides of the dispatcher by other addons, in the handshake of a WebSocket."""

from contextlib import contextmanager

from odoo.http import Response, _dispatchers
from odoo.tools import mute_logger

from odoo.addons.fastapi.context import odoo_env_ctx

from .common import FastapiHttpCase
from .test_websocket_limits import HANDSHAKE

LOGGER = "odoo.addons.test_fastapi.routers.websockets"


class TestOverrides(FastapiHttpCase):
    def override(self, **methods):
        """Let a subclass serve until the test ends; return its calls."""
        base = _dispatchers["fastapi"]
        self.addCleanup(_dispatchers.__setitem__, "fastapi", base)
        type("Override", (base,), methods)

    def handshake(self, path, **headers):
        return self.get(path, headers={**HANDSHAKE, **headers})

    @mute_logger("odoo.addons.fastapi.handled_errors")
    def test_dispatch_sees_the_response(self):
        seen = []

        def dispatch(dispatcher, endpoint, args):
            response = super(type(dispatcher), dispatcher).dispatch(endpoint, args)
            seen.append((response.status_code, response.headers["Upgrade"]))
            return response

        self.override(dispatch=dispatch)
        self.assertEqual(self.handshake("/test/ws/echo").status_code, 503)
        self.assertEqual(seen, [(101, "websocket")])

    def test_dispatch_replaces_the_response(self):
        """The app ends, because nothing takes its socket."""

        def dispatch(dispatcher, endpoint, args):
            super(type(dispatcher), dispatcher).dispatch(endpoint, args)
            return Response("paid only", status=402)

        self.override(dispatch=dispatch)
        with self.assertLogs(LOGGER) as logs:
            response = self.handshake("/test/ws/items?name=x")
        self.assertEqual((response.status_code, response.text), (402, "paid only"))
        self.assertIn("A WebSocket is not opened", logs.output[0])

    def test_dispatch_raises(self):
        def dispatch(dispatcher, endpoint, args):
            super(type(dispatcher), dispatcher).dispatch(endpoint, args)
            raise PermissionError("secret")

        self.override(dispatch=dispatch)
        self.mute("odoo.http")
        with self.assertLogs(LOGGER) as logs:
            response = self.handshake("/test/ws/items?name=x")
        self.assertEqual(response.status_code, 500)
        self.assertEqual(response.json(), {"detail": "Internal Server Error"})
        self.assertIn("A WebSocket is not opened", logs.output[0])

    def test_error_responses(self):
        def handle_error(dispatcher, exc):
            response = super(type(dispatcher), dispatcher).handle_error(exc)
            response.headers["X-Error"] = type(exc).__name__
            return response

        self.override(handle_error=handle_error)
        path = "/test/ws/refused?name=x&error=user"
        self.assertEqual(self.handshake(path).headers["X-Error"], "UserError")
        response = self.handshake("/test/ws/echo", **{"Sec-WebSocket-Version": "7"})
        self.assertEqual(response.headers["X-Error"], "WebSocketRefused")

    def test_environment(self):
        seen = []

        @contextmanager
        def manage(dispatcher, uid=None):
            with super(type(dispatcher), dispatcher)._manage_odoo_env(self.caller.id):
                seen.append(odoo_env_ctx.get().uid)
                yield

        self.override(_manage_odoo_env=manage)
        response = self.handshake("/test/ws/refused?name=x&error=user")
        self.assertEqual(response.status_code, 403, response.text)
        self.assertEqual(seen[0], self.caller.id)

    @mute_logger("odoo.http", "odoo.sql_db", "odoo.addons.fastapi.handled_errors")
    def test_endpoint_of_readonly_routes(self):
        """A write before accept is replayed on a cursor that can write."""
        self.endpoint.test_routing = {"readonly": True}
        response = self.handshake("/test/ws/items?name=x")
        self.assertEqual(response.status_code, 503)
        self.assertIn("The app accepts", response.json()["detail"])
