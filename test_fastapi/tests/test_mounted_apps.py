# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import gc

from odoo.addons.fastapi.bridge.lifespan import wait_for_stops
from odoo.addons.test_fastapi.models.fastapi_endpoint import lifespan_events
from odoo.addons.test_fastapi.routers.mounted import inner

from .common import FastapiHttpCase


class TestMountedApps(FastapiHttpCase):
    PREFIXES = ("/test/outer/inner", "/test/prefix/routed")

    def _names(self):
        self.env.invalidate_all()
        return self.env["test.fastapi.item"].search([]).mapped("name")

    def test_static_files(self):
        response = self.get("/test/static/mounted.py")
        self.assertEqual(response.status_code, 200)
        self.assertIn("StaticFiles", response.text)
        response = self.get("/test/static/missing.py")
        self.assertEqual(response.status_code, 404)
        self.assertEqual(response.json(), {"detail": "Not Found"})

    def test_app_in_an_app(self):
        for number, prefix in enumerate(self.PREFIXES):
            response = self.post(f"{prefix}/items?name={number}")
            self.assertEqual(response.status_code, 200)
            self.assertIn(str(number), self._names())
            response = self.get(f"{prefix}/openapi.json")
            self.assertEqual(response.json()["info"]["title"], "Inner")
            self.assertEqual(
                response.json()["servers"], [{"url": f"{self.base_url()}{prefix}"}]
            )

    def test_exceptions_of_a_mounted_app_roll_back(self):
        handlers = dict(inner.exception_handlers)
        for prefix in self.PREFIXES:
            for error, status, detail in (
                ("http", 409, "conflict"),
                ("user", 400, "refused"),
            ):
                response = self.post(f"{prefix}/items?name=x&error={error}")
                self.assertEqual(response.status_code, status)
                self.assertEqual(response.json(), {"detail": detail})
            response = self.post(f"{prefix}/items")
            self.assertEqual(response.status_code, 422)
            response = self.get(f"{prefix}/unknown")
            self.assertEqual(response.status_code, 404)
        self.assertEqual(self._names(), [])
        self.assertEqual(inner.exception_handlers, handlers)

    def test_lifespan(self):
        endpoint = self._create_endpoint("/lived", name="First life")
        self.assertNotIn(("First life", "started"), lifespan_events)
        for _request in range(2):
            response = self.get("/lived/process").json()
            self.assertEqual(response["state"], "First life")
        self.assertEqual(lifespan_events.count(("First life", "started")), 1)

        endpoint.name = "Second life"
        self.assertEqual(self.get("/lived/process").json()["state"], "Second life")
        gc.collect()
        wait_for_stops()
        self.assertIn(("First life", "stopped"), lifespan_events)
        self.assertNotIn(("Second life", "stopped"), lifespan_events)

        endpoint.active = False
        self.get("/lived/process")
        gc.collect()
        wait_for_stops()
        self.assertIn(("Second life", "stopped"), lifespan_events)
