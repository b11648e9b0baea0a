# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``fastapi.request.log``: one call of an endpoint."""

from odoo import fields, models


class FastapiRequestLog(models.Model):
    _name = "fastapi.request.log"
    _description = "Call of a FastAPI Endpoint"
    _order = "date desc, id desc"
    _log_access = False
    _rec_name = "path"

    date = fields.Datetime(string="Time", required=True, readonly=True)
    endpoint_id = fields.Many2one(
        comodel_name="fastapi.endpoint", required=True, readonly=True
    )
    method = fields.Char(required=True, readonly=True)
    route = fields.Char(
        readonly=True,
        help="The path of the route, with the names of its parameters.",
    )
    path = fields.Char(
        readonly=True, help="The path as called, with the query. Secrets are replaced."
    )
    status = fields.Integer(readonly=True, aggregator=None)
    duration = fields.Float(
        string="Duration (ms)",
        readonly=True,
        aggregator="avg",
        help="Milliseconds from the start of the request until the answer was sent.",
    )
    queries = fields.Integer(readonly=True, aggregator="avg")
    sql_duration = fields.Float(
        string="SQL (ms)",
        readonly=True,
        aggregator="avg",
        help="Milliseconds that the queries took.",
    )
    request_size = fields.Integer(
        string="Request (Bytes)", readonly=True, aggregator="avg"
    )
    response_size = fields.Integer(
        string="Response (Bytes)", readonly=True, aggregator="avg"
    )
    user_id = fields.Many2one(
        comodel_name="res.users", readonly=True, ondelete="set null"
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner", readonly=True, ondelete="set null"
    )
    key_id = fields.Many2one(
        comodel_name="fastapi.endpoint.key",
        string="API Key",
        readonly=True,
        ondelete="set null",
    )
    key_name = fields.Char(
        string="Name of the Key",
        readonly=True,
        help="What the key was called then. It is kept when the key is revoked.",
    )
    auth_method = fields.Char(string="Authenticated by", readonly=True)
    address = fields.Char(readonly=True, help="Address of the client.")
    request_id = fields.Char(
        string="Request ID",
        readonly=True,
        help="The header X-Request-ID. Lines of Odoo's log have it, too.",
    )
    attempts = fields.Integer(
        readonly=True,
        aggregator="avg",
        help="How often the handler ran: more than once after conflicts with other "
        "transactions.",
    )
    error = fields.Char(readonly=True, help="Type and text of the exception.")
    error_place = fields.Char(
        string="Raised at",
        readonly=True,
        help="File and line where the exception was raised.",
    )
    request_headers = fields.Text(readonly=True)
    request_body = fields.Text(readonly=True)
    response_headers = fields.Text(readonly=True)
    response_body = fields.Text(readonly=True)
    curl = fields.Char(
        string="cURL",
        compute="_compute_curl",
        help="A command that repeats the call. Put in what was left out.",
    )

    def _compute_curl(self):
        for call in self:
            call.curl = False

    def _get_body_size(self):
        """Return how many bytes of a body are stored at most."""
        return 4096
