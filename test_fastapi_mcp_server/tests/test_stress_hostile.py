# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Thousands of random messages to the MCP server of an endpoint."""

import random
from http.client import HTTPException

from odoo.tests import tagged

from odoo.addons.test_fastapi.tests.stress_case import StressMixin

from ..routers.clients import SECRET
from .client_case import ROOT_PATH, ClientCase
from .hostile_messages import make_random_message

#: Bytes that the server process may grow by while it handles the second half.
GROWTH = 30_000_000


@tagged("post_install", "-at_install")
class TestHostileMessages(StressMixin, ClientCase):
    def send_random(self, dice, count, seed, start=0):
        """Send random messages; yield what is wrong with the responses."""
        for number in range(start, start + count):
            headers, body = make_random_message(dice)
            headers["Authorization"] = f"Bearer {self.key}"
            where = f"{number} of seed {seed}: {str(headers)[:600]} {body[:600]}:"
            try:
                response = self.first.request("POST", f"{ROOT_PATH}/mcp", body, headers)
            except HTTPException as err:
                yield f"{where} {err!r}"
                continue
            if response.status >= 500:
                yield f"{where} {response.status} {response.body[:300]}"
            for leak in (b"Traceback", SECRET.encode()):
                if leak in response.body:
                    yield f"{where} {response.body[:300]}"
            if "X-Injected" in response.headers:
                yield f"{where} a header was injected"

    def test_random_messages(self):
        tried = self.size(5000, 300)
        seed = random.randrange(2**32) if self.full else 1
        dice = random.Random(seed)
        half = tried // 2
        failures = list(self.send_random(dice, half, seed))
        memory = self.first.memory()
        failures += self.send_random(dice, tried - half, seed, half)
        growth = self.first.memory() - memory
        if growth > GROWTH:
            failures.append(f"the server has grown by {growth} bytes")
        if any("Traceback" in line for line in self.first.log):
            failures.append("a traceback in the log of the server")
        self.conclude("random messages to an MCP server", tried, failures)
        # the server still works
        self.assertFalse(self.call_tool("find_items").is_error)
