# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from .library_case import LibraryCase, on_each_server


class TestHttpx(LibraryCase):
    distribution = "httpx"
    library = "library_httpx.set_up"

    def setUp(self):
        super().setUp()
        uvicorn, _odoo = self.apps
        self.params = {"url": f"{uvicorn.address}/docs"}

    @on_each_server
    def test_calls_of_another_server(self, served):
        for path in ("/own", "/sync", "/shared"):
            for _call in range(3):
                response = served.get(path, params=self.params)
                self.assertEqual(response.status_code, 200, (path, response.text))
                self.assertEqual(response.json(), 200)

    @on_each_server
    def test_burst_with_a_client_of_the_lifespan(self, served):
        responses = served.burst("GET", "/shared", params=self.params)
        self.assertEqual({response.text for response in responses}, {"200"})


class TestHttpxEvented(TestHttpx):
    options = {"command": "gevent"}
