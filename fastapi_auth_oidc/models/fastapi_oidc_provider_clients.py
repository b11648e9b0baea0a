# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``fastapi.oidc.provider``: the scopes that clients of MCP servers ask for."""

from __future__ import annotations

from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.fastapi.auth.requirements import SCOPE

from ..oidc.way import Provider


class FastapiOidcProvider(models.Model):
    _inherit = "fastapi.oidc.provider"  # pylint: disable=consider-merging-classes-inherited

    client_scopes = fields.Char(
        string="Scopes of Clients",
        help="What agents ask the provider for when they log in by themselves, "
        "separated by spaces. {scope} stands for each scope that routes require. "
        "Empty: these scopes, by their own names.",
    )

    @api.constrains("client_scopes")
    def _check_client_scopes(self):
        for provider in self:
            for name in (provider.client_scopes or "").split():
                if not SCOPE.fullmatch(name):
                    raise ValidationError(
                        self.env._("Scopes of Clients: %s can't be a scope.", name)
                    )

    def _get_oidc_provider(self) -> Provider | None:
        provider = super()._get_oidc_provider()
        names = tuple((self.client_scopes or "").split())
        return provider and replace(provider, client_scopes=names)
