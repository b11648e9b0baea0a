# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from .library_case import LibraryCase, on_each_server


class TestAiocache(LibraryCase):
    distribution = "aiocache"
    library = "library_aiocache.set_up"

    @on_each_server
    def test_result_is_cached(self, served):
        first = served.get("/1").json()
        self.assertEqual(served.get("/1").json(), first)
        self.assertNotEqual(served.get("/2").json(), first)

    @on_each_server
    def test_result_expires(self, served):
        first = served.get("/short/1").json()
        self.wait_until(lambda: served.get("/short/1").json() > first, True)
        self.assertEqual(self.errors(), [])

    def errors(self):
        return [line for line in self.first.log.copy() if "without waiting" in line]
