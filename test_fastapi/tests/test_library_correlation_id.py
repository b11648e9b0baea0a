# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import uuid

from .library_case import LibraryCase, on_each_server


class TestCorrelationId(LibraryCase):
    distribution = "asgi-correlation-id"
    library = "library_correlation_id.set_up"

    @on_each_server
    def test_id_of_the_client(self, served):
        for path in ("/async", "/sync"):
            given = uuid.uuid4().hex
            before = len(served.read_lines("log"))
            response = served.get(path, headers={"X-Request-ID": given})
            self.assertEqual(response.headers["X-Request-ID"], given)
            self.assertEqual(response.json(), given)
            self.wait_until(
                lambda before=before: served.read_lines("log")[before:],
                [f"{given} handler", f"{given} task"],
            )

    @on_each_server
    def test_each_request_has_an_id(self, served):
        found = [served.get("/sync") for _call in range(2)]
        first, second = (response.headers["X-Request-ID"] for response in found)
        self.assertNotEqual(first, second)
        self.assertEqual([response.json() for response in found], [first, second])
        for path, status in (("/unknown", 404), ("/sync", 405)):
            response = served.post(path)
            self.assertEqual(response.status_code, status)
            self.assertIn("X-Request-ID", response.headers)
