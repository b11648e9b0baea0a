# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from .common import FastapiHttpCase


class TestBackend(FastapiHttpCase):
    def _tour(self, name):
        self.start_tour("/odoo", f"fastapi_endpoint_{name}", login="admin")

    def test_life_of_an_endpoint(self):
        self.env["fastapi.endpoint"].search([]).active = False
        self.assertEqual(self.get("/browser/made/identity").status_code, 404)
        self._tour("create")
        self.assertEqual(self.get("/browser/made/identity").status_code, 200)
        self._tour("routes")
        self._tour("archive")
        self.assertEqual(self.get("/browser/made/identity").status_code, 404)
