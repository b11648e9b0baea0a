# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from .common import FastapiHttpCase


class TestBackend(FastapiHttpCase):
    def test_endpoint_made_in_the_browser_is_live(self):
        self.assertEqual(self.get("/browser/made/identity").status_code, 404)
        self.start_tour("/odoo", "fastapi_endpoint_create", login="admin")
        self.assertEqual(self.get("/browser/made/identity").status_code, 200)
