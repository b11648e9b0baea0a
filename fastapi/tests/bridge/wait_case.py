# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=missing-return
"""Requests that wait for each other or for their client."""

import socket

from ...app.prepare import prepare_app
from ...bridge import WsgiApp
from ..bridge_case import BridgeCase, make_environ

LOGGER = "odoo.addons.fastapi.bridge.loops"


class WaitCase(BridgeCase):
    def connect(self):
        """Return both ends of a connection: the server's and the client's."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            client = self.enterContext(socket.create_connection(listener.getsockname()))
            server, _address = listener.accept()
        return self.enterContext(server), client

    def get_task(self, app, path):
        """Return the background task that a request has left."""
        prepare_app(app)
        (task,) = self.call(app, path).tasks
        return task

    def stream(self, app, **environ):
        """Return the beginning of a stream."""
        response = WsgiApp(app)(make_environ(**environ), lambda *_args: None)
        self.assertTrue(response.streaming)
        return response
