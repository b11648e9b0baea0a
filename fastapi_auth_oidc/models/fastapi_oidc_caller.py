# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which users and partners the subjects of an OpenID provider are."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.fastapi.auth import Caller


class FastapiOidcCaller(models.Model):
    _name = "fastapi.oidc.caller"
    _description = "Caller with an OpenID Token"
    _rec_name = "subject"
    _order = "id desc"

    provider_id = fields.Many2one(
        comodel_name="fastapi.oidc.provider",
        required=True,
        ondelete="cascade",
        index=True,
    )
    subject = fields.Char(
        required=True,
        help="The claim sub of the token: the provider's permanent name of the caller.",
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner", required=True, ondelete="cascade", index=True
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        ondelete="cascade",
        help="Endpoints that run as the caller use this user's rights. Empty: the "
        "caller can't call them.",
    )

    _subject_uniq = models.Constraint(
        "UNIQUE (provider_id, subject)",
        "The provider has a caller with this subject already.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        callers = super().create(vals_list)
        callers._withdraw_administrators()
        return callers

    def write(self, vals):
        self._withdraw_administrators()
        result = super().write(vals)
        self._withdraw_administrators()
        return result

    def _withdraw_administrators(self):
        """Have the providers refuse administrators, because their callers changed."""
        if not self.env.is_system():
            self.sudo().provider_id.allow_administrators = False

    @api.onchange("user_id")
    def _onchange_user_id(self):
        if self.user_id:
            self.partner_id = self.user_id.partner_id

    @api.constrains("user_id", "partner_id")
    def _check_user(self):
        for caller in self.sudo():
            if caller.user_id and caller.user_id.partner_id != caller.partner_id:
                raise ValidationError(
                    self.env._(
                        "Caller %(subject)s: the partner is not that of the user "
                        "%(user)s.",
                        subject=caller.subject,
                        user=caller.user_id.name,
                    )
                )

    def _get_oidc_caller(self) -> Caller | None:
        """Return the caller, None if the partner or the user is archived."""
        if not self.partner_id.active or (self.user_id and not self.user_id.active):
            return None
        return Caller(
            "oidc", partner_id=self.partner_id.id, user_id=self.user_id.id or None
        )
