# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from .library_case import LibraryCase, on_each_server


class TestPagination(LibraryCase):
    distribution = "fastapi-pagination"
    library = "library_pagination.set_up"

    @on_each_server
    def test_pages(self, served):
        for path in ("/async", "/sync", "/router/numbers"):
            response = served.get(f"{path}?page=2&size=3")
            self.assertEqual(response.status_code, 200, response.text)
            self.assertEqual(
                response.json(),
                {
                    "items": [{"number": number} for number in (4, 5, 6)],
                    "total": 100,
                    "page": 2,
                    "size": 3,
                    "pages": 34,
                },
            )
            response = served.get(path)
            self.assertEqual(len(response.json()["items"]), 50)
            response = served.get(f"{path}?page=0")
            self.assertEqual(response.status_code, 422)
            self.assertEqual(response.json()["detail"][0]["loc"], ["query", "page"])

    @on_each_server
    def test_limit_and_offset(self, served):
        response = served.get("/offset?limit=2&offset=7")
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(
            response.json(),
            {
                "items": [{"number": 8}, {"number": 9}],
                "total": 100,
                "limit": 2,
                "offset": 7,
            },
        )

    @on_each_server
    def test_openapi(self, served):
        served.get("/sync")
        document = served.get("/openapi.json").json()
        for path in ("/async", "/sync", "/router/numbers"):
            parameters = document["paths"][path]["get"]["parameters"]
            names = {p["name"] for p in parameters if p["in"] == "query"}
            self.assertEqual(names, {"page", "size"})


class TestPaginationBeforeRoutes(TestPagination):
    library = "library_pagination.set_up_before"
