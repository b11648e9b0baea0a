# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""FastAPI's own OpenTelemetry, switched on by the environment (docs/monitoring.md)."""

import gzip
import re
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from .library_case import LibraryCase, on_each_server
from .servers import TIMEOUT

try:
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
        ExportLogsServiceRequest,
    )
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
        ExportMetricsServiceRequest,
    )
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
        ExportTraceServiceRequest,
    )
except ImportError:  # the tests are skipped
    PARTS = {}
else:
    #: What a collector gets, by path: its message, and how it divides what it holds.
    PARTS = {
        "/v1/traces": (
            ExportTraceServiceRequest,
            "resource_spans",
            "scope_spans",
            "spans",
        ),
        "/v1/metrics": (
            ExportMetricsServiceRequest,
            "resource_metrics",
            "scope_metrics",
            "metrics",
        ),
        "/v1/logs": (
            ExportLogsServiceRequest,
            "resource_logs",
            "scope_logs",
            "log_records",
        ),
    }

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PAGE = Path(__file__).parents[2] / "docs" / "monitoring.md"
#: What the documentation says to set, with the address of the collector.
VARIABLE = re.compile(r"^Environment=(\w+)=(.*)$", re.M)


class Collector(BaseHTTPRequestHandler):
    """Stands in for a collector of OpenTelemetry, and keeps what it gets."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        message, *names = PARTS[self.path]
        for resource in getattr(message.FromString(body), names[0]):
            attributes = read_attributes(resource.resource)
            for scope in getattr(resource, names[1]):
                for found in getattr(scope, names[2]):
                    row = (self.path, attributes["service.name"], found)
                    self.server.received.append(row)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args):
        """Log nothing."""


def read_attributes(found):
    return {
        each.key: each.value.string_value or each.value.int_value
        for each in found.attributes
    }


@unittest.skipUnless(PAGE.exists(), "not in the repository")
class TestTelemetry(LibraryCase):
    distribution = "opentelemetry-exporter-otlp-proto-http"
    library = "library_telemetry.set_up"

    @classmethod
    def setUpClass(cls):
        cls.collector = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
        cls.collector.received = []
        thread = threading.Thread(target=cls.collector.serve_forever)
        cls.addClassCleanup(cls.collector.server_close)
        cls.addClassCleanup(thread.join, TIMEOUT)
        cls.addClassCleanup(cls.collector.shutdown)
        thread.start()
        address = f"http://127.0.0.1:{cls.collector.server_port}"
        shown = dict(VARIABLE.findall(PAGE.read_text(encoding="utf-8")))
        cls.service = shown["OTEL_SERVICE_NAME"]
        cls.variables = {
            **shown,
            "OTEL_EXPORTER_OTLP_ENDPOINT": address,
            # milliseconds after which spans, logs and metrics are sent
            "OTEL_BSP_SCHEDULE_DELAY": "50",
            "OTEL_BLRP_SCHEDULE_DELAY": "50",
            "OTEL_METRIC_EXPORT_INTERVAL": "50",
        }
        super().setUpClass()

    def receive(self, served, path, kind, accept, **kwargs):
        """Send a request; return what the collector gets of it, and the status."""
        before = len(self.collector.received)
        response = served.get(path, **kwargs)
        matching = []

        def arrives():
            received = self.collector.received[before:]
            matching.extend(
                row for row in received if row[0] == kind and accept(row[2])
            )
            return bool(matching)

        self.wait_until(arrives, True)
        _path, service, found = matching[0]
        self.assertEqual(service, self.service)
        return found, response.status_code

    def is_server_span(self, span):
        return span.kind == span.SPAN_KIND_SERVER

    @on_each_server
    def test_trace(self, served):
        header = {"traceparent": f"00-{TRACE_ID}-00f067aa0ba902b7-01"}
        span, status = self.receive(
            served, "/items/3", "/v1/traces", self.is_server_span, headers=header
        )
        self.assertEqual(status, 200)
        self.assertEqual(span.trace_id.hex(), TRACE_ID)
        attributes = read_attributes(span)
        route = f"{served.prefix}/items/{{item_id}}"
        self.assertEqual(attributes["http.route"], route)
        self.assertEqual(attributes["http.response.status_code"], 200)

    @on_each_server
    def test_exception(self, served):
        def is_exception(record):
            return "exception.type" in read_attributes(record)

        record, status = self.receive(served, "/fail/3", "/v1/logs", is_exception)
        self.assertEqual(status, 500)
        attributes = read_attributes(record)
        self.assertIn("Trouble", attributes["exception.type"])
        self.assertIn("in fail", attributes["exception.stacktrace"])

    @on_each_server
    def test_metrics(self, served):
        route = f"{served.prefix}/items/{{item_id}}"

        def has_route(metric):
            return metric.name == "http.server.request.duration" and route in {
                read_attributes(point)["http.route"]
                for point in metric.histogram.data_points
            }

        metric, status = self.receive(served, "/items/3", "/v1/metrics", has_route)
        self.assertEqual(status, 200)
        self.assertEqual(metric.unit, "s")
