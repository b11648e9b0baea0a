# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``fastapi.oidc.provider``: which tokens are valid, and which users send them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg2.errors import ReadOnlySqlTransaction

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import escape_psql

from odoo.addons.fastapi.auth import Caller

from ..oidc.claims import get_identifier, get_text, is_email_verified
from ..oidc.documents import DocumentError, Issuer, KeySet, check_url
from ..oidc.key_ring import get_key_ring
from ..oidc.keys import ALGORITHMS
from ..oidc.tokens import TokenRules, parse_required_claims
from ..oidc.way import Provider

MAX_LEEWAY = 5 * 60  # seconds

#: Groups of users who administer the database.
ADMINISTRATORS = "base.group_system", "base.group_erp_manager"


class FastapiOidcProvider(models.Model):
    _name = "fastapi.oidc.provider"
    _description = "OpenID Provider"
    _order = "name, id"

    name = fields.Char(required=True)
    active = fields.Boolean(
        default=True, help="No token of an archived provider is valid."
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        help="Only endpoints of this company can use the provider, and only FastAPI "
        "administrators of this company can change it. Empty: endpoints and "
        "administrators of all companies.",
    )
    issuer = fields.Char(
        required=True,
        help="URL of the provider, exactly as in the claim iss of its tokens.",
    )
    audience = fields.Char(
        string="Audiences",
        required=True,
        help="The provider's name of this API: the claim aud of a token must have one "
        "of these values. Several are separated by spaces.",
    )
    token_type = fields.Selection(
        string="Tokens",
        selection=[
            ("any", "Tokens for the audience"),
            ("access", "Access tokens of type at+jwt only"),
        ],
        default="any",
        required=True,
        help="Access tokens only is safer, but some providers don't mark their access "
        "tokens with this type (RFC 9068).",
    )
    algorithms = fields.Char(
        default="RS256 PS256 ES256 EdDSA",
        required=True,
        help="Algorithms of signatures, separated by spaces. A key is used with its "
        "own algorithm only.",
    )
    leeway = fields.Integer(
        string="Leeway (Seconds)",
        default=30,
        help="Seconds by which the clocks of the provider and of this server may "
        "differ.",
    )
    key_source = fields.Selection(
        selection=[("discovery", "Discovery"), ("url", "A fixed URL")],
        string="Keys from",
        default="discovery",
        required=True,
        help="Where the public keys of the provider are.\n"
        "Discovery: the configuration of the provider names the URL "
        "(/.well-known/openid-configuration below the issuer).\n"
        "A fixed URL: for providers without discovery.",
    )
    jwks_url = fields.Char(string="URL of the Keys")
    allow_private_network = fields.Boolean(
        groups="base.group_system",
        copy=False,
        help="Allow a provider in a private network, or on this machine. Only system "
        "administrators may do that, because this server then calls addresses that "
        "are not public.",
    )
    required_claims = fields.Text(
        help="More claims that a token needs, one a line: name, or name=value. If the "
        "claim is a list, one equal value is enough.",
    )
    scope_claim = fields.Char(
        string="Claims with Scopes",
        default="scope scp",
        help="Names of the claims with the scopes that routes ask for, separated by "
        "spaces. Empty: tokens are not limited by scopes.",
    )

    caller_ids = fields.One2many(
        comodel_name="fastapi.oidc.caller",
        inverse_name="provider_id",
        string="Callers",
        # without the groups, others could not read the other fields
        groups="fastapi.group_fastapi_manager",
        help="Users and partners by the claim sub of the token. These come first.",
    )
    match_claim = fields.Char(
        string="Claim",
        help="The claim that identifies the caller if the subject is not among the "
        "callers: email, preferred_username, … An email is only used if the provider "
        "has verified it (email_verified).",
    )
    match_model = fields.Selection(
        selection=[("res.users", "Users"), ("res.partner", "Partners")],
        string="Search In",
        default="res.users",
        help="Users: endpoints may run as the caller. Partners: they have no rights of "
        "their own.",
    )
    match_field = fields.Char(
        string="Field",
        help="Technical name of the field that has the value of the claim: login, "
        "email, ref, …",
    )
    allow_administrators = fields.Boolean(
        groups="base.group_system",
        copy=False,
        help="Accept tokens of users who administer this database. Only system "
        "administrators may allow that, because the owner of a provider can issue "
        "tokens for any user.",
    )
    create_partners = fields.Boolean(
        help="Create a partner for each unknown subject. It has no user, so it only "
        "has the rights that the app gives to partners.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._clean_vals(vals) for vals in vals_list])

    def write(self, vals):
        result = super().write(self._clean_vals(vals))
        if "company_id" in vals:
            self.check_access("write")  # Odoo only checks the former company
        if not self.env.is_system():
            # a system administrator allowed these for other URLs, or other tokens
            revoked = {}
            if not vals.keys().isdisjoint(("issuer", "key_source", "jwks_url")):
                revoked["allow_private_network"] = False
            if vals.keys() - {"name", "active"}:
                revoked["allow_administrators"] = False
            super(FastapiOidcProvider, self.sudo()).write(revoked)
        if vals.keys() - {"caller_ids"}:
            self._reset_endpoints()
        return result

    @api.model
    def _clean_vals(self, vals):
        """Return values without superfluous spaces, as copied texts have them."""
        cleaned = dict(vals)
        for name, value in vals.items():
            field = self._fields.get(name)
            if field and field.type == "char" and isinstance(value, str):
                cleaned[name] = " ".join(value.split()) or False
        return cleaned

    def _reset_endpoints(self):
        """Rebuild the apps that use these providers."""
        endpoints = self.env["fastapi.endpoint"].sudo().with_context(active_test=False)
        endpoints = endpoints.search([("oidc_provider_id", "in", self.ids)])
        if endpoints:  # an empty recordset would reset all
            endpoints._reset_app()

    @api.constrains("company_id")
    def _check_endpoints(self):
        endpoints = self.env["fastapi.endpoint"].sudo().with_context(active_test=False)
        for provider in self.filtered("company_id"):
            using = endpoints.search([("oidc_provider_id", "=", provider.id)])
            if any(item.company_id != provider.company_id for item in using):
                # without their names, which are not for other companies
                raise ValidationError(
                    self.env._(
                        "%s is used by endpoints of other companies, or without one.",
                        provider.name,
                    )
                )

    @api.constrains("issuer", "key_source", "jwks_url")
    def _check_urls(self):
        for provider in self:
            try:
                check_url(provider.issuer)
                if "?" in provider.issuer:
                    raise DocumentError(f"{provider.issuer} must have no query (?).")
                if provider.key_source == "url":
                    if not provider.jwks_url:
                        raise DocumentError("The URL of the keys is missing.")
                    check_url(provider.jwks_url)
            except DocumentError as err:
                raise ValidationError(
                    self.env._(
                        "The provider %(name)s: %(why)s", name=provider.name, why=err
                    )
                ) from err

    @api.constrains("algorithms", "leeway", "required_claims")
    def _check_rules(self):
        for provider in self:
            unknown = set(provider.algorithms.split()).difference(ALGORITHMS)
            if unknown:
                raise ValidationError(
                    self.env._(
                        "Algorithms: %(unknown)s can't be used, only %(known)s.",
                        unknown=", ".join(sorted(unknown)),
                        known=", ".join(ALGORITHMS),
                    )
                )
            if not 0 <= provider.leeway <= MAX_LEEWAY:
                raise ValidationError(
                    self.env._(
                        "Leeway: %(given)s is not possible. It must be 0 to %(most)s "
                        "seconds.",
                        given=provider.leeway,
                        most=MAX_LEEWAY,
                    )
                )
            try:
                parse_required_claims(provider.required_claims or "")
            except ValueError as err:
                raise ValidationError(
                    self.env._(
                        "Required Claims: %s is neither a name nor name=value.", err
                    )
                ) from err

    @api.constrains("match_claim", "match_model", "match_field")
    def _check_match(self):
        for provider in self:
            claim, field_name = provider.match_claim, provider.match_field
            if not claim and not field_name:
                continue
            if not (claim and field_name and provider.match_model):
                raise ValidationError(
                    self.env._(
                        "The claim and the field belong together: fill in both, or "
                        "neither."
                    )
                )
            model = self.env[provider.match_model]
            field = model._fields.get(field_name)
            stored = field and (field.store or field.inherited)
            if not stored or field.type != "char":
                raise ValidationError(
                    self.env._(
                        "Field: %(field)s is not a stored text field of the model "
                        "%(model)s.",
                        field=field_name,
                        model=model._description,
                    )
                )

    def _get_oidc_provider(self) -> Provider | None:
        """Return the values for the app of an endpoint.

        :return: None if the provider is archived, or for an empty recordset
        """
        if not self.active:
            return None
        return Provider(
            id=self.id,
            name=self.name,
            rules=TokenRules(
                issuer=self.issuer,
                audiences=tuple(self.audience.split()),
                algorithms=tuple(self.algorithms.split()),
                leeway=self.leeway,
                required_claims=parse_required_claims(self.required_claims or ""),
                access_tokens_only=self.token_type == "access",
            ),
            key_ring=get_key_ring(self._get_issuer()),
            scope_claims=tuple((self.scope_claim or "").split()),
        )

    def _get_issuer(self) -> Issuer:
        return Issuer(
            name=self.issuer,
            jwks_url=self.jwks_url if self.key_source == "url" else None,
            allow_private=self.sudo().allow_private_network,
        )

    def action_test(self):
        """Load the keys, and show the result to the user."""
        self.ensure_one()
        self.check_access("write")  # because it makes the server call a URL
        try:
            message, kind = self._describe_keys(self._get_issuer().load()), "success"
        except DocumentError as err:
            message, kind = str(err), "danger"
        params = {"type": kind, "title": self.name, "message": message, "sticky": True}
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": params,
        }

    def _describe_keys(self, key_set: KeySet) -> str:
        sentences = [
            self.env._(
                "Keys of the provider: %(keys)s. They are loaded again after "
                "%(minutes)s minutes.",
                minutes=key_set.lifetime // 60,
                keys="; ".join(
                    f"{key.kid or '–'} ({', '.join(sorted(key.algorithms))})"
                    for key in key_set.keys
                ),
            )
        ]
        if key_set.skipped:
            sentences.append(
                self.env._("Others are not used: %s.", "; ".join(key_set.skipped))
            )
        found = frozenset().union(*(key.algorithms for key in key_set.keys))
        if found.isdisjoint(self.algorithms.split()):
            sentences.append(
                self.env._("None of them is for an algorithm that is chosen here.")
            )
        if not (self.caller_ids or self.match_claim or self.create_partners):
            sentences.append(
                self.env._("No token has a caller yet: see Who Calls and Callers.")
            )
        return " ".join(sentences)

    def _get_allowed_caller(self, claims: Mapping[str, Any]) -> Caller | None:
        """Return the caller of a token, unless it is an administrator of the database.

        These must be allowed: administrators of FastAPI must not get more rights by
        choosing a provider that issues tokens for other users.

        :param claims: claims of a valid token
        """
        caller = self._get_oidc_caller(claims)
        if caller and caller.user_id and not self.allow_administrators:
            user = self.env["res.users"].browse(caller.user_id)
            if any(map(user._has_group, ADMINISTRATORS)):
                return None
        return caller

    def _get_oidc_caller(self, claims: Mapping[str, Any]) -> Caller | None:
        """Return the caller of a token.

        Each request calls it, with sudo. The subject identifies the caller, or else the
        value of a claim. If the provider allows it, a partner is created for an unknown
        subject.

        An override may use other claims, but not those that users can choose at the
        provider. The user is checked afterwards, as for any way (active, not the
        superuser, portal users if allowed), and must not be an administrator of the
        database unless the provider allows it.

        :param claims: claims of a valid token
        :return: None for a 401. If its ``scopes`` are None, it gets those of the token.
        """
        subject = get_identifier(claims, "sub")
        if subject:
            domain = [("provider_id", "=", self.id), ("subject", "=", subject)]
            known = self.env["fastapi.oidc.caller"].search(domain)
            if known:
                return known._get_oidc_caller()
        found = self._find_oidc_records(claims)
        if found:
            return _make_caller(found)
        if subject and self.create_partners:
            return self._create_oidc_caller(subject, claims)._get_oidc_caller()
        return None

    def _find_oidc_records(self, claims: Mapping[str, Any]) -> models.BaseModel | None:
        """Return users or partners with the value of a claim, also archived ones."""
        if not self.match_claim:
            return None
        value = get_identifier(claims, self.match_claim)
        operator = "="
        if value and self.match_claim == "email":
            if not is_email_verified(claims):
                return None
            value, operator = escape_psql(value), "=ilike"
        if not value:
            return None
        records = self.env[self.match_model].with_context(active_test=False)
        return records.search([(self.match_field, operator, value)])

    def _create_oidc_caller(
        self, subject: str, claims: Mapping[str, Any]
    ) -> models.BaseModel:
        """Create a partner for a subject.

        :raises psycopg2.errors.ReadOnlySqlTransaction: on a replica; Odoo replays the
            request on the primary. PostgreSQL's own error would be logged.
        """
        if self.env.cr.readonly:
            raise ReadOnlySqlTransaction("A partner must be created.")
        partner = self.env["res.partner"].create(self._prepare_oidc_partner(claims))
        caller = self.env["fastapi.oidc.caller"]._insert(self.id, subject, partner.id)
        self.invalidate_recordset(["caller_ids"])
        return caller

    def _prepare_oidc_partner(self, claims: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of a new partner; an override may add to them.

        :param claims: claims of a valid token
        """
        names = ("name", "preferred_username", "email", "sub")
        vals = {"name": next(filter(None, (get_text(claims, name) for name in names)))}
        if is_email_verified(claims):
            vals["email"] = get_text(claims, "email")
        return vals


def _make_caller(records: models.BaseModel) -> Caller | None:
    """Return the caller for the only active record of users or partners, if any."""
    record = records.filtered("active")
    if len(record) != 1:
        return None
    if record._name == "res.users":
        return Caller("oidc", partner_id=record.partner_id.id, user_id=record.id)
    return Caller("oidc", partner_id=record.id)
