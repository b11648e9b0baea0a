# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The loop of lifespans, in each kind of server."""

from .server_case import ServerCase
from .servers import Background


class TestSharedLoop(ServerCase):
    def setUp(self):
        super().setUp()
        self.create_endpoint(
            self.first,
            "/shared",
            app="test_library",
            test_library="shared_loop.set_up",
        )

    def request(self, path, method="GET"):
        response = self.first.request(method, f"/shared{path}")
        self.assertEqual(response.status, 200, response.body)
        return response

    def test_ticker_goes_on_between_requests(self):
        before = self.request("/ticks").json()
        self.wait_until(lambda: self.request("/ticks").json() > before + 3, True)

    def test_requests_give_work_to_a_worker(self):
        for path in ("/queue/one", "/queue/two/sync", "/queue/three"):
            self.request(path, "POST")
        self.wait_until(
            lambda: sorted(self.request("/done").json()), ["one", "three", "two"]
        )

    def test_requests_share_a_lock(self):
        calls = [
            Background(self.request, f"{path}/turn/{number}")
            for number in range(10)
            for path in ("", "/mounted")
        ]
        results = [call.result().json() for call in calls]
        self.assertEqual(results, [[number // 2] for number in range(20)])

    def test_mounted_app(self):
        calls = [Background(self.request, "/mounted/sync") for _call in range(10)]
        for call in calls:
            self.assertIn("AnyIO", call.result().json())
        self.assertEqual(self.request("/mounted/stream").body, b"0 1 2 ")

    def test_log_names_what_blocks_the_loop(self):
        """In the evented server too, because the code waits."""
        self.request("/block", "POST")
        self.wait_until(lambda: bool(self.find_in_log("loop goes on after")), True)
        (index,) = self.find_in_log("The shared event loop is blocked")
        stack = list(self.first.log)[index + 1 : index + 8]
        self.assertTrue(any("in wait_wrongly" in line for line in stack), stack)

    def find_in_log(self, text):
        return [i for i, line in enumerate(list(self.first.log)) if text in line]


class TestEventedSharedLoop(TestSharedLoop):
    options = {"command": "gevent"}


class TestPreforkSharedLoop(TestSharedLoop):
    options = {"workers": 1}
