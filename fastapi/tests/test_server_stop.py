# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.service.server import CommonServer
from odoo.tests import BaseCase

from ..bridge import stop_loops
from ..server_stop import stop_apps
from ..websockets import open_websockets


class TestServerStop(BaseCase):
    def test_order(self):
        """Requests and WebSockets end before the apps that they use."""
        functions = CommonServer._on_stop_funcs
        last = functions.index(stop_apps)
        self.assertLess(functions.index(stop_loops), last)
        self.assertLess(functions.index(open_websockets.stop), last)
