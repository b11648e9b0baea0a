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
