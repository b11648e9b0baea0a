# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from .library_case import RedisLibraryCase, on_each_server


class TestRedis(RedisLibraryCase):
    distribution = "redis"
    library = "library_redis.set_up"

    @on_each_server
    def test_burst_with_a_client_of_the_lifespan(self, served):
        responses = served.burst("POST", f"/count/{served.name}")
        self.assertEqual(
            sorted(response.json() for response in responses), list(range(1, 33))
        )

    @on_each_server
    def test_burst_of_transactions(self, served):
        responses = served.burst("POST", f"/transfer/{served.name}")
        self.assertEqual(
            sorted(response.json() for response in responses),
            [[number, -number] for number in range(1, 33)],
        )

    @on_each_server
    def test_subscriber_in_the_lifespan(self, served):
        self.assertEqual(served.get("/news").json(), [])
        for text in ("one", "two"):
            # both servers subscribe
            self.assertGreaterEqual(served.post(f"/news/{text}").json(), 1)
        self.wait_until(lambda: served.get("/news").json()[-2:], ["one", "two"])


class TestRedisEvented(TestRedis):
    options = {"command": "gevent"}
