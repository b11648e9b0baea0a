# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from .library_case import LibraryCase, on_each_server


class TestSlowapi(LibraryCase):
    distribution = "slowapi"
    library = "library_slowapi.set_up"

    @on_each_server
    def test_decorated_routes(self, served):
        for path in ("/async", "/sync"):
            responses = [served.get(path) for _call in range(3)]
            self.assertEqual([r.status_code for r in responses], [200, 200, 429])
            self.assertEqual(
                [r.headers["X-RateLimit-Remaining"] for r in responses], ["1", "0", "0"]
            )
            refused = responses[-1]
            self.assertEqual(
                refused.json(), {"error": "Rate limit exceeded: 2 per 1 hour"}
            )
            self.assertIn("Retry-After", refused.headers)
        self.assertEqual(served.get("/free").json(), "free")


class TestSlowapiMiddleware(LibraryCase):
    distribution = "slowapi"
    library = "library_slowapi.set_up_middleware"

    @on_each_server
    def test_all_routes(self, served):
        responses = [served.get("/free") for _call in range(4)]
        self.assertEqual([r.status_code for r in responses], [200, 200, 200, 429])
        self.assertEqual(responses[0].headers["X-RateLimit-Limit"], "3")
