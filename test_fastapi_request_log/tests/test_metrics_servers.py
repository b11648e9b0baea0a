# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from prometheus_client.parser import text_string_to_metric_families

from odoo.addons.test_fastapi.tests.server_case import ServerCase

PARAMETERS = "fastapi_request_log.metrics"


class TestMetricsOfServers(ServerCase):
    """A threaded server, and one with two workers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.start_server(workers=2)

    def setUp(self):
        super().setUp()
        self.create_endpoint(self.first, "/m", request_log="errors")
        settings = self.first.rpc(
            "res.config.settings", "create", [{"fastapi_metrics": True}]
        )
        self.addCleanup(self.forget_settings)
        self.first.rpc("res.config.settings", "execute", settings)
        action = self.first.rpc(
            "res.config.settings", "action_make_fastapi_metrics_token", settings
        )
        self.token = action["context"]["default_key"]

    def forget_settings(self):
        domain = [("key", "=like", f"{PARAMETERS}%")]
        ids = self.first.rpc("ir.config_parameter", "search", domain)
        self.first.rpc("ir.config_parameter", "unlink", ids)

    def read_metrics(self, server):
        """Return the number of requests by route and status."""
        headers = {"Authorization": f"Bearer {self.token}"}
        response = server.request("GET", "/metrics", headers=headers)
        self.assertEqual(response.status, 200)
        return {
            (sample.labels["route"], sample.labels["status"]): sample.value
            for metric in text_string_to_metric_families(response.body.decode())
            for sample in metric.samples
            if sample.name == "odoo_fastapi_requests_total"
            and sample.labels["endpoint"] == "/m"
        }

    def test_each_process_shows_the_figures_of_all(self):
        for server in (self.first, self.second):
            for number in range(8):
                self.create_item(server, "/m")
                server.request("GET", f"/m/unknown/{number}")
        expected = {("/m/items", "200"): 16, ("unknown", "404"): 16}
        for server in (self.first, self.second):
            # a writer takes a second
            self.wait_until(lambda server=server: self.read_metrics(server), expected)
        # it does not matter which worker responds
        for _turn in range(8):
            self.assertEqual(self.read_metrics(self.second), expected)
