# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which calls of an endpoint are logged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from odoo import api, fields, models

from ..request_ids import install_filter
from ..secret_names import SecretNames
from ..settings import ROUTING_KEY, LogSettings


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

    request_log = fields.Selection(
        selection=[
            ("off", "Off"),
            ("errors", "Errors"),
            ("all", "All Calls"),
            ("bodies", "All Calls with Bodies"),
        ],
        string="Stored Calls",
        default="errors",
        required=True,
        help="Which calls are stored.\n"
        "Errors: calls with a status of 400 or more, and streams that failed. Unless "
        "this is Off, Usage counts all calls.\n"
        "All Calls with Bodies: also the bodies of requests and responses. Passwords, "
        "tokens and keys are removed; other personal data is not.",
    )
    request_log_days = fields.Integer(
        string="Kept For",
        default=30,
        help="Stored calls are deleted after this number of days. 0: never.",
    )

    _request_log_days_positive = models.Constraint(
        "CHECK (request_log_days >= 0)", "The days can't be negative."
    )

    @property
    def _blacklist_root_paths(self):
        """Root paths to refuse: ``/metrics`` is a page of this addon."""
        return super()._blacklist_root_paths | {"/metrics"}

    @api.model
    def _routing_impacting_fields(self) -> tuple[str, ...]:
        names = super()._routing_impacting_fields()
        return (*names, "request_log", "api_key_header")

    def _get_routing_info(self) -> dict[str, Any]:
        info = super()._get_routing_info()
        if self.request_log != "off":
            install_filter()
            info[ROUTING_KEY] = LogSettings(
                dbname=self.env.cr.dbname,
                endpoint_id=self.id,
                root_path=self.root_path,
                level=self.request_log,
                secrets=SecretNames(self._get_log_secrets()),
            )
        return info

    def _get_log_secrets(self) -> Iterable[str]:
        """Return names of further values that the log never stores.

        These are names of headers, parameters, form fields and JSON fields, in any
        case. Names that contain ``key``, ``token``, ``password``, ``secret`` and the
        like need not be listed. An override adds to ``super()``. Fields that it reads
        have to be in ``_routing_impacting_fields``.
        """
        self.ensure_one()
        return [self.api_key_header] if self.api_key_header else []
