# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``fastapi.oidc.caller``: the user or partner of a subject of an OpenID provider."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

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
        callers._refuse_administrators()
        return callers

    def write(self, vals):
        self._refuse_administrators()
        result = super().write(vals)
        if "provider_id" in vals:
            self.check_access("write")  # Odoo only checks the former provider
        self._refuse_administrators()
        return result

    def _refuse_administrators(self):
        """Revoke what a system administrator allowed for other callers."""
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

    @api.model
    def _insert(self, provider_id, subject, partner_id):
        """Create a caller, or have Odoo replay the request that another one precedes.

        The ORM's ``create`` would log an error for an existing subject, and the request
        would not be replayed.

        :raises psycopg2.errors.SerializationFailure: a concurrent request has created
            the caller, which the replayed request finds
        """
        query = SQL(
            """
            INSERT INTO fastapi_oidc_caller (
                provider_id, subject, partner_id,
                create_uid, create_date, write_uid, write_date
            )
            VALUES (%(provider)s, %(subject)s, %(partner)s,
                    %(uid)s, %(now)s, %(uid)s, %(now)s)
            ON CONFLICT (provider_id, subject) DO NOTHING
            RETURNING id
            """,
            provider=provider_id,
            subject=subject,
            partner=partner_id,
            uid=self.env.uid,
            now=self.env.cr.now(),
        )
        self.env.cr.execute(query, log_exceptions=False)
        ((caller_id,),) = self.env.cr.fetchall()
        return self.browse(caller_id)

    def _get_oidc_caller(self) -> Caller | None:
        """Return the caller, None if the partner or the user is archived."""
        if not self.partner_id.active or (self.user_id and not self.user_id.active):
            return None
        return Caller(
            "oidc", partner_id=self.partner_id.id, user_id=self.user_id.id or None
        )
