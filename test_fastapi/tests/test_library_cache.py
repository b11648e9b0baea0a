# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from .library_case import LibraryCase, on_each_server


class TestCache(LibraryCase):
    distribution = "fastapi-cache2"
    library = "library_cache.set_up"

    @on_each_server
    def test_response_is_cached(self, served):
        for kind in ("async", "sync"):
            first = served.get(f"/{kind}/1")
            self.assertEqual(first.status_code, 200, first.text)
            self.assertEqual(first.headers["X-FastAPI-Cache"], "MISS")
            again = served.get(f"/{kind}/1")
            self.assertEqual(again.headers["X-FastAPI-Cache"], "HIT")
            self.assertEqual(again.json(), first.json())
            self.assertNotEqual(served.get(f"/{kind}/2").json(), first.json())
