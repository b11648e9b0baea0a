# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Settings of an endpoint: how clients authenticate, and whose rights its app has."""

import re
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..auth import ApiKeyWay, Authentication, BasicWay, SessionWay, Way
from ..auth.overrides import make_overrides

#: ``token`` of RFC 9110, section 5.6.2, without the underscore: WSGI reads it as a
#: hyphen, and many servers drop such headers.
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^`|~-]+")
#: Lower-case names of headers that HTTP, browsers, proxies or Odoo use. A hyphen at the
#: end marks a prefix.
RESERVED_HEADERS = frozenset(
    """
    accept accept- access-control- age allow alt-svc authorization cache-control
    connection content- cookie date dnt etag expect expires forwarded from host
    http2-settings if- keep-alive last-modified location max-forwards origin pragma
    priority proxy- range referer retry-after sec- server set-cookie te trailer
    transfer-encoding upgrade upgrade-insecure-requests user-agent vary via warning
    www-authenticate x-csrf-token x-forwarded- x-odoo- x-openerp- x-real-ip
    x-requested-with
    """.split()
)


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"  # pylint: disable=consider-merging-classes-inherited

    auth_api_key = fields.Boolean(
        string="API Key",
        help="Clients send an API key in the header Authorization: Bearer, or in "
        "another one.",
    )
    auth_basic = fields.Boolean(
        string="HTTP Basic",
        help="Clients send the login and the password of a user with each request. An "
        "API key is safer: it can be revoked, expires, and opens this endpoint only.",
    )
    auth_session = fields.Boolean(
        string="Session",
        help="For pages of this site: they call as the user who is logged in to Odoo "
        "in the browser.",
    )
    api_key_header = fields.Char(
        string="Header of the Key",
        help="Header that holds the API key, for example X-API-Key. Empty: "
        "Authorization, with the word Bearer before the key.",
    )
    accept_unscoped_keys = fields.Boolean(
        string="Accept Users' Own Keys",
        help="Accept the keys that users make in their preferences, too. With such a "
        "key, a client can do in Odoo what its user may do, not only call this API.",
    )
    run_as = fields.Selection(
        selection=[("user", "The endpoint's user"), ("caller", "The caller")],
        string="Runs As",
        default="user",
        required=True,
        help="Whose access rights, record rules and companies the app works with.\n"
        "The endpoint's user: the same for all callers.\n"
        "The caller: each route that works with records needs an authenticated user, "
        "and does what that user may.",
    )
    allow_portal_users = fields.Boolean(
        help="Portal users may call, too. Without this, only internal users may.",
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

    @api.model
    def _clean_vals(self, vals):
        """Return normalized values for ``create`` or ``write``.

        :raises ValidationError: clients can't send the API key in the header
        """
        vals = super()._clean_vals(vals)
        if vals.get("api_key_header"):
            name = vals["api_key_header"].strip()
            vals = {**vals, "api_key_header": name or False}
            if name and not HEADER_NAME.fullmatch(name):
                raise ValidationError(
                    self.env._(
                        "The API key can't be sent in a header %(name)s: use letters, "
                        "digits and hyphens, as in X-API-Key.",
                        name=repr(name),
                    )
                )
            if _is_reserved(name):
                raise ValidationError(
                    self.env._(
                        "The API key can't be sent in the header %(name)s, which has "
                        "another use. Take a name of your own, such as X-API-Key, or "
                        "leave it empty for Authorization: Bearer.",
                        name=name,
                    )
                )
        return vals

    def _get_auth_ways(self) -> list[Way]:
        """Return the ways to authenticate. Clients use any of them.

        Called when the app is built. An override appends its own ways. A way must not
        keep the record, only values of its fields.
        """
        self.ensure_one()
        ways: list[Way] = []
        if self.auth_api_key:
            header = self.api_key_header or None
            ways.append(ApiKeyWay(self.id, header, self.accept_unscoped_keys))
        if self.auth_basic:
            ways.append(BasicWay())
        if self.auth_session:
            ways.append(SessionWay())
        return ways

    def _get_auth_overrides(self) -> dict[Callable[..., Any], Callable[..., Any]]:
        """Return the dependency overrides for the settings of the endpoint.

        The app's own overrides take precedence.
        """
        ways = self._get_auth_ways()
        options = {
            "allow_portal_users": self.allow_portal_users,
            "run_as_caller": self.run_as == "caller",
        }
        return make_overrides(
            Authentication(ways, **options) if ways else None,
            endpoint_uid=self.user_id.id,
            **options,
        )

    def _get_app(self) -> FastAPI:
        app = super()._get_app()
        # for FastAPITransactionCase
        app.state.odoo_runs_as_caller = self.run_as == "caller"
        return app


def _is_reserved(name: str) -> bool:
    name = name.lower()
    prefixes = tuple(header for header in RESERVED_HEADERS if header.endswith("-"))
    return name in RESERVED_HEADERS or name.startswith(prefixes)
