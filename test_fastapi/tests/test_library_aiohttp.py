# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from .library_case import LibraryCase, on_each_server


class TestAiohttp(LibraryCase):
    distribution = "aiohttp"
    library = "library_aiohttp.set_up"

    def setUp(self):
        super().setUp()
        uvicorn, _odoo = self.apps
        self.params = {"url": f"{uvicorn.address}/docs"}

    @on_each_server
    def test_burst_with_a_session_of_the_lifespan(self, served):
        responses = served.burst("GET", "/shared", params=self.params)
        self.assertEqual({response.text for response in responses}, {"200"})

    def test_session_of_the_lifespan_on_the_loop_of_a_request(self):
        _uvicorn, odoo = self.apps
        response = odoo.get("/wrong", params=self.params)
        self.assertEqual(response.status_code, 500)
        self.wait_until(
            lambda: any("on_shared_loop" in line for line in self.first.log.copy()),
            True,
        )


class TestAiohttpEvented(TestAiohttp):
    options = {"command": "gevent"}
