# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import shlex

from .call_case import NOON, CallCase


class TestForm(CallCase):
    def _store(self, **values):
        values = {
            "date": NOON,
            "endpoint_id": self.endpoint.id,
            "method": "GET",
            "path": "/calls/demo?a=1",
            "route": "/calls/demo",
            "status": 200,
            "attempts": 1,
            **values,
        }
        call = self.env["fastapi.request.log"].create(values)
        return call.with_user(self.manager)

    def _get_arguments(self, **values):
        return shlex.split(self._store(**values).curl)

    def test_json_is_pretty_printed(self):
        call = self._store(
            request_body='{"name":"Ä","lines":[1]}', response_body='["a"]'
        )
        self.assertEqual(
            call.request_body_text,
            '{\n  "name": "Ä",\n  "lines": [\n    1\n  ]\n}',
        )
        self.assertEqual(call.response_body_text, '[\n  "a"\n]')

    def test_other_bodies_stay_as_they_are(self):
        for body in ("a=1&b=2", '{"cut": [1, … [10 of 99 B]', "[" * 4096, "", False):
            call = self._store(request_body=body)
            self.assertEqual(call.request_body_text or "", body or "")

    def test_curl(self):
        url = f"{self.endpoint.get_base_url()}/calls/demo?a=1"
        self.assertEqual(self._get_arguments(), ["curl", url])
        self.assertEqual(
            self._get_arguments(
                method="POST",
                request_headers="Content-Type: application/json\nHost: example.com",
                request_body='{"name": "O\'Neill"}',
                request_size=19,
            ),
            [
                "curl",
                *("--header", "Content-Type: application/json"),
                *("--data-raw", '{"name": "O\'Neill"}'),
                url,
            ],
        )
        self.assertFalse(self._store(status=101).curl)
        handshake = "Connection: Upgrade\nUpgrade: WebSocket"
        self.assertFalse(self._store(status=403, request_headers=handshake).curl)
        self.assertIn("BODY", self._get_arguments(method="POST", request_size=5))

    def test_curl_with_credentials_to_fill_in(self):
        for method, header, expected in (
            ("api_key", False, ["--header", "Authorization: Bearer KEY"]),
            ("api_key", "X-Key", ["--header", "X-Key: KEY"]),
            ("basic", False, ["--user", "LOGIN:PASSWORD"]),
            ("session", False, ["--cookie", "session_id=SESSION"]),
            ("oidc", False, ["--header", "Authorization: Bearer TOKEN"]),
            ("app", False, []),
            (False, False, []),
        ):
            self.endpoint.api_key_header = header
            arguments = self._get_arguments(auth_method=method)
            self.assertEqual(arguments[1:-1], expected)
