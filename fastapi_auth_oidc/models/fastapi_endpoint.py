# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""OpenID Connect: the fields of an endpoint that choose it."""

from odoo import api, fields, models

from odoo.addons.fastapi.auth import Way

from ..oidc.way import OidcWay


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

    auth_oidc = fields.Boolean(
        string="OpenID Connect",
        help="Clients send a token of an OpenID provider, in the header "
        "Authorization: Bearer.",
    )
    oidc_provider_id = fields.Many2one(
        comodel_name="fastapi.oidc.provider",
        string="OpenID Provider",
        ondelete="restrict",
        check_company=True,
        help="Issuer of the tokens. If none is chosen, or it is archived, no token is "
        "valid.",
    )

    @api.model
    def _fastapi_app_fields(self) -> list[str]:
        return [*super()._fastapi_app_fields(), "auth_oidc", "oidc_provider_id"]

    # also when another user changes the company (``_compute_company_id``)
    @api.constrains("company_id", "oidc_provider_id")
    def _check_oidc_provider(self):
        self._check_company(["oidc_provider_id"])

    def _get_auth_ways(self) -> list[Way]:
        ways = super()._get_auth_ways()
        if self.auth_oidc:
            ways.append(OidcWay(self.oidc_provider_id._get_oidc_provider()))
        return ways

    def _get_auth_texts(self) -> list[str]:
        texts = super()._get_auth_texts()
        if self.auth_oidc:
            name = self.oidc_provider_id.name or self.env._("an OpenID provider")
            texts.append(
                self.env._(
                    "a token of %s in the header Authorization: Bearer TOKEN", name
                )
            )
        return texts

    @api.depends("auth_oidc", "oidc_provider_id.name")
    def _compute_auth_summary(self):
        return super()._compute_auth_summary()

    @api.depends("auth_oidc", "oidc_provider_id.active")
    def _compute_auth_warning(self):
        result = super()._compute_auth_warning()
        for endpoint in self:
            if (
                endpoint.auth_oidc
                and not endpoint.is_auth_by_app
                and not endpoint.oidc_provider_id.active
            ):
                endpoint.auth_warning = self.env._(
                    "No token is valid: the OpenID provider is missing, or archived."
                )
        return result
