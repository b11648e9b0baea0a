# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import uuid

from .library_case import LibraryCase, on_each_server


class TestContext(LibraryCase):
    distribution = "starlette-context"
    library = "library_context.set_up"

    @on_each_server
    def test_context_of_the_request(self, served):
        for path in ("/async", "/sync"):
            given = uuid.uuid4().hex
            before = len(served.read_lines("tasks"))
            response = served.get(path, headers={"X-Correlation-ID": given})
            self.assertEqual(response.status_code, 200, response.text)
            self.assertEqual(response.json(), given)
            self.assertEqual(response.headers["X-Correlation-ID"], given)
            self.wait_until(
                lambda before=before: served.read_lines("tasks")[before:], [given]
            )
