# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Creates an API key for an endpoint, and shows it once.

The steps, the durations and their limits are those of Odoo's own keys
(``res.users.apikeys.description``).
"""

from odoo import fields, models
from odoo.exceptions import ValidationError

from odoo.addons.base.models.res_users import check_identity


class FastapiEndpointKeyDescription(models.TransientModel):
    _name = "fastapi.endpoint.key.description"
    _inherit = "res.users.apikeys.description"
    _description = "New API Key of a FastAPI Endpoint"

    endpoint_id = fields.Many2one(
        comodel_name="fastapi.endpoint", required=True, ondelete="cascade"
    )
    allow_portal_users = fields.Boolean(related="endpoint_id.allow_portal_users")
    user_id = fields.Many2one(
        comodel_name="res.users",
        required=True,
        ondelete="cascade",
        domain="[('share', 'in', [False, allow_portal_users])]",
        help="Clients with this key call the API as this user. Best create a user for "
        "each client, with no rights beyond what the client needs.",
    )
    scopes = fields.Char(
        help="What the key allows, as names with spaces between them. Routes that ask "
        "for a scope refuse a key without it.",
    )
    known_scopes = fields.Char(
        string="Scopes of the App",
        compute="_compute_known_scopes",
        help="The scopes that routes of the app ask for.",
    )

    def _compute_known_scopes(self):
        for description in self:
            # sudo: building the app needs more rights, as on the endpoint's form
            endpoint = description.endpoint_id.sudo()
            description.known_scopes = " ".join(endpoint._get_known_scopes())

    def make_key(self):
        """Create the key, and open the form that shows it."""
        self.ensure_one()
        self.endpoint_id.check_access("write")
        return self._make_key()

    @check_identity
    def _make_key(self):
        if self.duration != "0" and not self.expiration_date:
            raise ValidationError(self.env._("Enter when the key expires."))
        key, secret = self.env["fastapi.endpoint.key"]._generate(
            self.endpoint_id, self.user_id, self.name, self.expiration_date, self.scopes
        )
        context = self._prepare_shown_key(key, secret)
        self.sudo().unlink()
        return {
            "type": "ir.actions.act_window",
            "res_model": "fastapi.endpoint.key.show",
            "name": self.env._("API Key Ready"),
            "views": [(False, "form")],
            "target": "new",
            "context": context,
        }

    def _prepare_shown_key(self, key, secret):
        """Return the context of the form that shows the key, with its default values.

        An override adds values to those of ``super()``.

        :param key: record of ``fastapi.endpoint.key``
        :param secret: the key itself, which is stored nowhere
        """
        # sudo: building the app needs more rights, as on the endpoint's form
        command = self.endpoint_id.sudo()._get_curl_command(secret, key.scopes)
        return {"default_key": secret, "default_curl_command": command}


class FastapiEndpointKeyShow(models.AbstractModel):
    _name = "fastapi.endpoint.key.show"
    _inherit = "res.users.apikeys.show"
    _description = "Show API Key of a FastAPI Endpoint"

    curl_command = fields.Char(string="Try it", readonly=True)

    def web_save(self, vals, specification, next_id=None):
        """Save nothing: there is no table, and a failed query would log the key.

        The web client saves an open form when its page is left.
        """
        return []
