# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from .library_case import LibraryCase, on_each_server

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


class TestOpenTelemetry(LibraryCase):
    distribution = "opentelemetry-instrumentation-fastapi"
    library = "library_opentelemetry.set_up"

    def spans(self, served, path, **kwargs):
        """Send a request; return its spans and its status."""
        before = len(served.read_lines("spans"))
        response = served.get(path, **kwargs)
        self.wait_until(lambda: self._is_over(served, before), True)
        return served.read_json("spans")[before:], response.status_code

    def _is_over(self, served, before):
        kinds = [span["kind"] for span in served.read_json("spans")[before:]]
        return "SpanKind.SERVER" in kinds

    def server_span(self, spans):
        (span,) = [span for span in spans if span["kind"] == "SpanKind.SERVER"]
        return span

    @on_each_server
    def test_span_of_a_request(self, served):
        header = f"00-{TRACE_ID}-00f067aa0ba902b7-01"
        spans, status = self.spans(
            served, "/items/3?x=1", headers={"traceparent": header}
        )
        self.assertEqual(status, 200)
        span = self.server_span(spans)
        self.assertEqual(span["name"], "GET /items/{item_id}")
        attributes = span["attributes"]
        self.assertEqual(attributes["http.route"], "/items/{item_id}")
        self.assertEqual(attributes["http.status_code"], 200)
        self.assertEqual(attributes["http.method"], "GET")
        self.assertEqual(attributes["http.url"], f"{served.address}/items/3?x=1")
        # spans of the handler are its children; all belong to the client's trace
        (inner,) = [span for span in spans if span["name"] == "inner"]
        self.assertEqual(inner["parent_id"], span["context"]["span_id"])
        for found in spans:
            self.assertEqual(found["context"]["trace_id"], f"0x{TRACE_ID}")

    @on_each_server
    def test_exception_is_recorded_once(self, served):
        for kind in ("async", "sync"):
            spans, status = self.spans(served, f"/{kind}/7")
            self.assertEqual(status, 500)
            span = self.server_span(spans)
            self.assertEqual(span["name"], f"GET /{kind}/{{number}}")
            self.assertEqual(span["attributes"]["http.status_code"], 500)
            self.assertEqual(span["status"]["status_code"], "ERROR")
            (event,) = [event for found in spans for event in found["events"]]
            self.assertEqual(event["name"], "exception")
            self.assertEqual(event["attributes"]["exception.message"], f"{kind} 7")
            self.assertIn(f"fail_{kind}", event["attributes"]["exception.stacktrace"])

    @on_each_server
    def test_http_exception_is_not_recorded(self, served):
        spans, status = self.spans(served, "/http")
        self.assertEqual(status, 404)
        span = self.server_span(spans)
        self.assertEqual(span["attributes"]["http.status_code"], 404)
        self.assertEqual(span["status"]["status_code"], "UNSET")
        self.assertEqual(span["events"], [])
