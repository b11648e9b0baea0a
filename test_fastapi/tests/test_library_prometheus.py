# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import re

from .library_case import LibraryCase, on_each_server

COUNT = re.compile(
    r'http_requests_total\{handler="(.*)",method="(.*)",status="(.*)"\} ([\d.]+)'
)


class TestPrometheus(LibraryCase):
    distribution = "prometheus-fastapi-instrumentator"
    library = "library_prometheus.set_up"

    def counts(self, served):
        response = served.get("/metrics")
        self.assertEqual(response.status_code, 200)
        found = COUNT.findall(response.text)
        return {tuple(labels): float(count) for *labels, count in found}

    @on_each_server
    def test_requests_are_counted_by_template(self, served):
        before = self.counts(served)
        for number in range(3):
            self.assertEqual(served.get(f"/items/{number}").json(), number)
        self.assertEqual(served.get("/items/x").status_code, 422)
        self.assertEqual(served.get("/fail/1").status_code, 500)
        self.assertEqual(served.get("/unknown").status_code, 404)
        added = {
            labels: count - before.get(labels, 0)
            for labels, count in self.counts(served).items()
            if labels[0] != "/metrics"
        }
        self.assertEqual(
            added,
            {
                ("/items/{item_id}", "GET", "2xx"): 3,
                ("/items/{item_id}", "GET", "4xx"): 1,
                ("/fail/{number}", "GET", "5xx"): 1,
                ("none", "GET", "4xx"): 1,
            },
        )

    def test_counts_survive_a_rebuild_of_the_app(self):
        _uvicorn, odoo = self.apps
        labels = ("/items/{item_id}", "GET", "2xx")
        odoo.get("/items/1")
        before = self.counts(odoo)[labels]
        self.first.rpc("fastapi.endpoint", "write", self.created, {"name": "Other"})
        odoo.get("/items/1")
        self.assertEqual(self.counts(odoo)[labels], before + 1)
