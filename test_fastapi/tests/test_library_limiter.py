# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from .library_case import LibraryCase, RedisLibraryCase, on_each_server


class TestLimiter(LibraryCase):
    distribution = "fastapi-limiter"
    library = "library_limiter.set_up"

    @on_each_server
    def test_limited_routes(self, served):
        for path in ("/async", "/sync"):
            responses = [served.get(path) for _call in range(3)]
            self.assertEqual([r.status_code for r in responses], [200, 200, 429])
            self.assertEqual(responses[-1].json(), {"detail": "Too Many Requests"})
        self.assertEqual(served.get("/free").json(), "free")


class TestLimiterRedis(RedisLibraryCase):
    distribution = "fastapi-limiter"
    library = "library_limiter.set_up_redis"

    @on_each_server
    def test_limited_routes(self, served):
        for path in ("/async", "/sync"):
            responses = [served.get(path) for _call in range(3)]
            self.assertEqual([r.status_code for r in responses], [200, 200, 429])

    def test_counts_survive_a_rebuild_of_the_app(self):
        _uvicorn, odoo = self.apps
        status = [odoo.get("/kept").status_code for _call in range(2)]
        self.first.rpc("fastapi.endpoint", "write", self.created, {"name": "Other"})
        status.append(odoo.get("/kept").status_code)
        self.assertEqual(status, [200, 200, 429])
