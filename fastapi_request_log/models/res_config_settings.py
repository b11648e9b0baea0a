# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Settings: who may read the metrics."""

import hashlib
import secrets

from odoo import api, fields, models
from odoo.tools import consteq

from odoo.addons.fastapi.auth.api_key import may_be_key

_ENABLED = "fastapi_request_log.metrics"
_GROUP = "fastapi_request_log.metrics_group_id"
#: SHA-256 of the token. A slow hash would not protect a random text any better.
_TOKEN_HASH = "fastapi_request_log.metrics_token_hash"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    fastapi_metrics = fields.Boolean(
        string="Metrics for Prometheus",
        config_parameter=_ENABLED,
        help="Show the figures of all endpoints to Prometheus, at /metrics.",
    )
    fastapi_metrics_group_id = fields.Many2one(
        comodel_name="res.groups",
        string="Group that may read metrics",
        config_parameter=_GROUP,
        help="Members may read them when they are logged in, or with an API key.",
    )
    fastapi_metrics_has_token = fields.Boolean(
        string="Metrics Have a Token", compute="_compute_fastapi_metrics_has_token"
    )

    def _compute_fastapi_metrics_has_token(self):
        parameters = self.env["ir.config_parameter"].sudo()
        self.fastapi_metrics_has_token = bool(parameters.get_param(_TOKEN_HASH))

    def action_make_fastapi_metrics_token(self):
        """Make a token, which replaces the one before, and show it once."""
        token = secrets.token_urlsafe(32)
        self.env["ir.config_parameter"].set_param(_TOKEN_HASH, _hash(token))
        return {
            "type": "ir.actions.act_window",
            "res_model": "fastapi.metrics.token.show",
            "name": self.env._("Token Ready"),
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_key": token},
        }

    def action_remove_fastapi_metrics_token(self):
        """Remove the token: clients that send it get a 401."""
        self.env["ir.config_parameter"].set_param(_TOKEN_HASH, False)
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    @api.model
    def _has_fastapi_metrics(self) -> bool:
        """Return whether the metrics are switched on."""
        # sudo: a system parameter, for callers without rights
        return bool(self.env["ir.config_parameter"].sudo().get_param(_ENABLED))

    @api.model
    def _may_read_fastapi_metrics(self, credential: str) -> bool:
        """Return whether the user, or the sender of a credential, may read the metrics.

        :param credential: the token, or an API key of a user that is not limited to
            one purpose; empty if the client has sent neither
        """
        # sudo: system parameters, for callers without rights
        parameters = self.env["ir.config_parameter"].sudo()
        known = parameters.get_param(_TOKEN_HASH)
        if credential and known and consteq(_hash(credential), known):
            return True
        group_id = int(parameters.get_param(_GROUP) or 0)
        if not group_id:
            return False
        uid = self.env.uid
        if credential:
            keys = self.env["res.users.apikeys"]
            # as in ir.http._auth_method_bearer: "rpc" stands for all of Odoo
            uid = may_be_key(credential) and keys._check_credentials(
                scope="rpc", key=credential
            )
        user = self.env["res.users"].sudo().browse(uid or ())
        return group_id in user.all_group_ids.ids
