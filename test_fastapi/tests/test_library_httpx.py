# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from .library_case import LibraryCase, on_each_server


class TestHttpx(LibraryCase):
    distribution = "httpx"
    library = "library_httpx.set_up"

    @on_each_server
    def test_calls_of_another_server(self, served):
        uvicorn, _odoo = self.apps
        url = f"{uvicorn.address}/docs"
        for path in ("/own", "/sync"):
            for _call in range(3):
                response = served.get(path, params={"url": url})
                self.assertEqual(response.status_code, 200, (path, response.text))
                self.assertEqual(response.json(), 200)
