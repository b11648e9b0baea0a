# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The form of a call: its bodies to read, and a command that repeats it."""

import json

from odoo import api, fields, models

from ..curl import curl_command, parse_headers


class FastapiRequestLog(models.Model):
    _inherit = "fastapi.request.log"  # pylint: disable=consider-merging-classes-inherited

    curl = fields.Text(
        string="cURL",
        compute="_compute_curl",
        help="A command that repeats the call. Replace the words in capitals and each "
        "***: they stand for what is not stored.",
    )
    request_body_text = fields.Text(
        string="Request Body (Formatted)", compute="_compute_body_texts"
    )
    response_body_text = fields.Text(
        string="Response Body (Formatted)", compute="_compute_body_texts"
    )

    @api.depends("request_body", "response_body")
    def _compute_body_texts(self):
        for call in self:
            call.request_body_text = _format_body(call.request_body)
            call.response_body_text = _format_body(call.response_body)

    @api.depends(
        "agent",
        "endpoint_id",
        "method",
        "path",
        "status",
        "request_size",
        "auth_method",
        "request_headers",
        "request_body",
    )
    def _compute_curl(self):
        """Make a command with words in capitals for what is not stored."""
        for call in self:
            headers = parse_headers(call.request_headers or "")
            if call.status == 101 or _is_handshake(headers):
                call.curl = False
                continue
            body = call.request_body or ("" if call.request_size else None)
            call.curl = curl_command(
                "POST" if call.agent else call.method,
                call.get_base_url() + call.path,
                headers,
                body,
                call._get_curl_credentials(),
            )

    def _get_curl_credentials(self) -> list[str]:
        """Return arguments of curl for the way in which the client authenticated."""
        match self.auth_method:
            case "api_key":
                return ["--header", self.endpoint_id._get_key_header("KEY")]
            case "basic":
                return ["--user", "LOGIN:PASSWORD"]
            case "session":
                return ["--cookie", "session_id=SESSION"]
            case False | "app":  # the headers say more
                return []
            case _:
                return ["--header", "Authorization: Bearer TOKEN"]


def _is_handshake(headers: list[tuple[str, str]]) -> bool:
    """Return whether a request was to open a WebSocket, which curl does not."""
    return any(
        (name.lower(), value.lower()) == ("upgrade", "websocket")
        for name, value in headers
    )


def _format_body(body: str | bool) -> str | bool:
    """Return JSON with a line for each value, any other text as it is."""
    try:
        return json.dumps(json.loads(body or ""), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body
