# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What docs/monitoring.md says about Prometheus."""

import json
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from odoo.tests import BaseCase, TransactionCase, tagged

from odoo.addons.fastapi_request_log.metrics import MetricsCollector
from odoo.addons.fastapi_request_log.models.fastapi_request_total import BOUNDS

#: The page is only in the repository.
PAGE = Path(__file__).parents[2] / "docs" / "monitoring.md"
PROMTOOL = shutil.which("promtool")
#: A block of YAML that is a whole file.
FILE = re.compile(r"^```yaml\n# (\w+\.yml)\n(.*?)^```$", re.M | re.S)
NAME = re.compile(r"\bodoo_fastapi_\w+")


@tagged("post_install", "-at_install")
@unittest.skipUnless(PAGE.exists(), "not in the repository")
class TestMonitoringPage(TransactionCase):
    def test_all_metrics_are_described(self):
        text = PAGE.read_text(encoding="utf-8").partition("## OpenTelemetry")[0]
        described = set(re.findall(r"^\| `(odoo_fastapi_\w+)` \|", text, re.M))
        metrics = MetricsCollector(self.env, BOUNDS).collect()
        names = {
            f"{metric.name}_total" if metric.type == "counter" else metric.name
            for metric in metrics
        }
        self.assertEqual(described, names)
        # what rules and queries name
        names |= {f"{name}_bucket" for name in names} | {"odoo_fastapi_metrics"}
        code = "".join(re.findall(r"^```\w+\n(.*?)^```$", text, re.M | re.S))
        used = {name for name in NAME.findall(code) if name != "odoo_fastapi"}
        self.assertLessEqual(used, names)
        self.assertTrue(used)


@unittest.skipUnless(PROMTOOL and PAGE.exists(), "promtool is not installed")
class TestRules(BaseCase):
    """The files of the page, checked by Prometheus's own tool."""

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        for name, text in FILE.findall(PAGE.read_text(encoding="utf-8")):
            (self.folder / name).write_text(text)
        (self.folder / "odoo_metrics_token").write_text("x")

    def run_promtool(self, *arguments):
        done = subprocess.run(
            [PROMTOOL, *arguments],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def test_configuration(self):
        output = self.run_promtool("check", "config", "prometheus.yml")
        self.assertIn("SUCCESS: 3 rules found", output)

    def test_alerts(self):
        requests = 'odoo_fastapi_requests_total{endpoint="%s",status="%d"}'
        duration = 'odoo_fastapi_request_duration_seconds_bucket{endpoint="%s",le="%s"}'
        state = 'odoo_fastapi_endpoint_state{endpoint="%s",state="broken"}'
        series = {
            # one of ten fails, takes 2.5 to 5 seconds, can't be built
            requests % ("/bad", 200): "0+90x30",
            requests % ("/bad", 500): "0+10x30",
            duration % ("/bad", "2.5"): "0+90x30",
            duration % ("/bad", "5.0"): "0+100x30",
            duration % ("/bad", "+Inf"): "0+100x30",
            state % "/bad": "1x30",
            # one of 100
            requests % ("/good", 200): "0+99x30",
            requests % ("/good", 404): "0+50x30",
            requests % ("/good", 500): "0+1x30",
            duration % ("/good", "1.0"): "0+98x30",
            duration % ("/good", "2.5"): "0+99x30",
            duration % ("/good", "5.0"): "0+100x30",
            duration % ("/good", "+Inf"): "0+100x30",
            state % "/good": "0x30",
        }
        broken = {"endpoint": "/bad", "state": "broken"}
        alerts = (
            (
                "FastapiEndpointBroken",
                broken,
                "/bad is broken: its form in Odoo says why.",
            ),
            (
                "FastapiErrors",
                {"endpoint": "/bad"},
                "10% of the requests to /bad fail.",
            ),
            (
                "FastapiSlow",
                {"endpoint": "/bad"},
                "One of 20 requests to /bad takes over 3.75s.",
            ),
        )
        test = {
            "interval": "1m",
            "input_series": [
                {"series": name, "values": values} for name, values in series.items()
            ],
            "alert_rule_test": [
                {
                    "eval_time": "25m",
                    "alertname": name,
                    "exp_alerts": [
                        {"exp_labels": labels, "exp_annotations": {"summary": summary}}
                    ],
                }
                for name, labels, summary in alerts
            ],
        }
        tests = {"rule_files": ["fastapi_rules.yml"], "tests": [test]}
        # JSON is YAML
        (self.folder / "tests.yml").write_text(json.dumps(tests))
        self.run_promtool("test", "rules", "tests.yml")
