# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The middleware that sends stored responses to tool calls."""

import asyncio

from odoo.http import request
from odoo.tests import BaseCase

from odoo.addons.fastapi.bridge.request_state import STATE_KEY, RequestState

from ..idempotency.inner import InnerResponses


class TestInnerResponses(BaseCase):
    def test_without_a_request_of_odoo(self):
        """A test client calls a tool: nothing is stored, and the app responds."""
        self.assertFalse(request)
        state = RequestState()
        state.inner = object()
        scope = {"type": "http", STATE_KEY: state}
        start = {"type": "http.response.start", "status": 200, "headers": []}
        sent = []

        async def app(scope, receive, send):
            await send(start)

        async def send(message):
            sent.append(message)

        asyncio.run(InnerResponses(app)(scope, None, send))
        self.assertEqual(sent, [start])
