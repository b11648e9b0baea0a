# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The list of an endpoint's routes, with how often each is called."""

from datetime import timedelta

from odoo import api, fields, models

from odoo.addons.fastapi.app.openapi import WEBSOCKET

from ..models.fastapi_endpoint_usage import UNUSED_DAYS


class FastapiRoute(models.TransientModel):
    _inherit = "fastapi.route"

    calls = fields.Integer(
        readonly=True,
        groups="fastapi.group_fastapi_manager",
        help="Calls of the last 30 days.",
    )
    errors = fields.Integer(
        readonly=True,
        groups="fastapi.group_fastapi_manager",
        help="Those with a status of 400 or more.",
    )
    p95 = fields.Float(
        string="p95 (ms)",
        readonly=True,
        aggregator=None,
        digits=(16, 1),
        groups="fastapi.group_fastapi_manager",
        help="95 of 100 calls took at most so many milliseconds.",
    )

    @api.model
    def _replace_rows(self, endpoint):
        rows = super()._replace_rows(endpoint)
        start = fields.Datetime.now() - timedelta(days=UNUSED_DAYS)
        # sudo: groups of the fields say who sees the counts
        groups = (
            self.env["fastapi.request.hour"]
            .sudo()
            ._read_group(
                [("endpoint_id", "=", endpoint.id), ("hour", ">=", start)],
                ["method", "route"],
                ["calls:sum", "errors:sum", "p95:avg"],
            )
        )
        counts = {(method, route): values for method, route, *values in groups}
        for row in rows.sudo():
            method = "GET" if row.method == WEBSOCKET else row.method
            values = counts.get((method, endpoint.root_path + row.path))
            if values:
                row.calls, row.errors, row.p95 = values
        return rows

    def _get_shown_columns(self):
        columns = super()._get_shown_columns()
        if "off" in self.endpoint_id.mapped("request_log"):
            columns["show_calls"] = False
        return columns
