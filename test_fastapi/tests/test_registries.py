# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from .server_case import ServerCase


class TestRegistries(ServerCase):
    """Apps that refer to their registry don't keep it alive."""

    def test_old_registries_are_freed(self):
        (endpoint_id,) = (
            self.create_endpoint(self.first, "/kept", app="test_lifespan", name="Kept"),
        )
        self.create_endpoint(self.first, "/other", app="test_lifespan", name="Other")
        for generation in range(3):
            for path, status, content in (
                ("/kept/greeting", 200, f"hello from {endpoint_id}"),
                ("/kept/tea", 418, {"sorry": endpoint_id}),
            ):
                response = self.first.request("GET", path)
                self.assertEqual((response.status, response.json()), (status, content))
            self.assertEqual(self.first.request("GET", "/other/tea").status, 418)
            self.wait_until(self.count_stops, 2 * generation)
            self.wait_until(self.count_registries, 1)
            # as a module upgrade in another process does
            self.query("INSERT INTO orm_signaling_registry DEFAULT VALUES")

    def count_stops(self):
        return sum("ends, fastapi.endpoint(" in line for line in self.first.log.copy())

    def count_registries(self):
        return self.first.request("GET", "/kept/registries").json()
