# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How clients of an endpoint authenticate, and whose rights they have."""

from odoo import api, fields, models

from ..auth import Way


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

    auth_api_key = fields.Boolean(
        string="API key",
        help="Clients send an API key, in the header Authorization: Bearer or one of "
        "its own.",
    )
    auth_basic = fields.Boolean(
        string="HTTP Basic",
        help="Clients send the login and the password of a user with each request. An "
        "API key is safer: it can be revoked, expires, and opens this endpoint only.",
    )
    auth_session = fields.Boolean(
        string="Session",
        help="For pages of this site: the user who is logged in to Odoo in the "
        "browser.",
    )
    api_key_header = fields.Char(
        string="Header of the Key",
        help="Header that holds the API key, for example X-API-Key. Empty: "
        "Authorization, with the word Bearer before the key.",
    )
    accept_unscoped_keys = fields.Boolean(
        string="Accept Users' Own Keys",
        help="Accept the keys that users make in their preferences too. Whoever has "
        "such a key may do in Odoo whatever its user may, not only call this API.",
    )
    run_as = fields.Selection(
        selection=[("user", "The endpoint's user"), ("caller", "The caller")],
        default="user",
        required=True,
        help="Whose access rights, record rules and companies count in the app.\n"
        "The endpoint's user: the same for all callers.\n"
        "The caller: each route that works with records needs an authenticated user, "
        "and does what that user may.",
    )
    allow_portal_users = fields.Boolean(
        help="Portal users may authenticate, too. Others are internal users.",
    )

    @api.model
    def _fastapi_app_fields(self) -> list[str]:
        return [
            *super()._fastapi_app_fields(),
            "auth_api_key",
            "auth_basic",
            "auth_session",
            "api_key_header",
            "accept_unscoped_keys",
            "run_as",
            "allow_portal_users",
        ]

    def _get_auth_ways(self) -> list[Way]:
        """Return the ways in which clients may authenticate; any one is enough.

        Asked when the app is built. An override appends ways of its own.
        """
        self.ensure_one()
        return []
