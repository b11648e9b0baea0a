# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``fastapi.endpoint.key``: API keys that are valid for one endpoint only.

Each record adds the endpoint and the scopes to a key of Odoo (``res.users.apikeys``),
which has the secret, the user and the expiration. Its scope in Odoo is
``fastapi.endpoint.<id>``, so it is not valid elsewhere. Users see the key in their
preferences, and can remove it there.
"""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.modules.registry import Registry
from odoo.tools import SQL

from odoo.addons.base.models.res_users import (
    INDEX_SIZE,
    KEY_CRYPT_CONTEXT,
    check_identity,
)

from ..auth.api_key import ValidKey, may_be_key
from ..auth.requirements import SCOPE

_logger = logging.getLogger(__name__)

#: Key of ``cr.cache``: ids of keys whose last use was stored in the last hour.
_NOTED = "fastapi.endpoint.key.noted"


class FastapiEndpointKey(models.Model):
    _name = "fastapi.endpoint.key"
    _description = "API Key of a FastAPI Endpoint"
    _order = "id desc"
    _allow_sudo_commands = False

    endpoint_id = fields.Many2one(
        comodel_name="fastapi.endpoint",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    api_key_id = fields.Many2one(
        comodel_name="res.users.apikeys",
        string="Odoo API Key",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    name = fields.Char(
        string="Description",
        related="api_key_id.name",
        store=True,
        help="What the key is for.",
    )
    user_id = fields.Many2one(
        related="api_key_id.user_id",
        store=True,
        ondelete="cascade",
        index=True,
        help="Clients with this key call the API as this user.",
    )
    scopes = fields.Char(
        help="What the key allows, as names with spaces between them. Routes that ask "
        "for a scope refuse a key without it.",
    )
    expiration_date = fields.Datetime(
        string="Expires",
        related="api_key_id.expiration_date",
        store=True,
        help="The key stops working then, and is deleted. Empty: it never expires.",
    )
    last_used = fields.Datetime(
        readonly=True,
        copy=False,
        help="When a client last used the key, within an hour.",
    )

    _api_key_unique = models.Constraint(
        "UNIQUE (api_key_id)", "An API key opens one endpoint only."
    )

    def init(self):
        """Add the foreign key that deletes records together with their keys of Odoo.

        Odoo adds none, because ``res.users.apikeys`` creates its table itself
        (``Many2one.update_db_foreign_key``).
        """
        table = self.env["res.users.apikeys"]._table
        self.pool.add_foreign_key(
            self._table, "api_key_id", table, "id", "cascade", self, self._module
        )

    @api.model
    def _get_scope(self, endpoint_id: int) -> str:
        """Return the scope of an endpoint's keys in Odoo."""
        return f"fastapi.endpoint.{endpoint_id}"

    @api.model
    def _find_valid(
        self, endpoint_id: int, key: str, accept_unscoped: bool
    ) -> ValidKey | None:
        """Return what a key allows, None if it is not valid for the endpoint.

        This hashes the key, which takes some milliseconds.

        :param accept_unscoped: whether to accept keys that users made for themselves
        """
        if not may_be_key(key):
            return None
        self.env["res.users"].flush_model(["active"])
        scope = self._get_scope(endpoint_id)
        api_keys = self.env["res.users.apikeys"]
        user_id = api_keys._check_credentials(scope=scope, key=key)
        if not user_id:
            return None
        condition = SQL(
            "api.user_id = %s AND api.index = %s", user_id, key[:INDEX_SIZE]
        )
        rows = self._read_valid(endpoint_id, accept_unscoped, condition)
        if len(rows) > 1:  # keys of one user, with the same first characters
            rows = [row for row in rows if KEY_CRYPT_CONTEXT.verify(key, row[0])]
        return rows[0][1] if rows else None

    @api.model
    def _is_still_valid(
        self, api_key_id: int, endpoint_id: int, accept_unscoped: bool
    ) -> ValidKey | None:
        """Return what a key that ``_find_valid`` has found now allows.

        This takes one query and no hashing.

        :return: None if the key is no longer valid
        """
        condition = SQL("api.id = %s", api_key_id)
        rows = self._read_valid(endpoint_id, accept_unscoped, condition)
        return rows[0][1] if rows else None

    @api.model
    def _read_valid(
        self, endpoint_id: int, accept_unscoped: bool, condition: SQL
    ) -> list[tuple[str, ValidKey]]:
        """Return the hashes of an endpoint's valid keys, and what they allow.

        A key with the endpoint's scope but without a record of this model belongs to an
        endpoint that had the same id before the addon was uninstalled.
        """
        self.flush_model(["scopes", "last_used"])
        self.env["res.users"].flush_model(["active"])
        query = SQL(
            """
            SELECT api.key, api.user_id, api.id, own.id, own.scopes,
                   own.last_used >= now() AT TIME ZONE 'UTC' - interval '1 hour'
              FROM res_users_apikeys api
              JOIN res_users users ON users.id = api.user_id
         LEFT JOIN fastapi_endpoint_key own
                ON own.api_key_id = api.id AND own.endpoint_id = %(endpoint_id)s
             WHERE %(condition)s
               AND users.active
               AND (api.expiration_date IS NULL
                    OR api.expiration_date >= now() AT TIME ZONE 'UTC')
               AND (api.scope = %(scope)s AND own.id IS NOT NULL
                    OR api.scope IS NULL AND %(accept_unscoped)s)
            """,
            condition=condition,
            endpoint_id=endpoint_id,
            scope=self._get_scope(endpoint_id),
            accept_unscoped=accept_unscoped,
        )
        rows = []
        for key_hash, *ids, key_id, scopes, noted in self.env.execute_query(query):
            limits = frozenset((scopes or "").split()) if key_id else None
            rows.append((key_hash, ValidKey(*ids, key_id, limits)))
            if noted:
                self.env.cr.cache.setdefault(_NOTED, set()).add(key_id)
        return rows

    @api.model
    def _note_use(self, key_id: int) -> None:
        """Store the last use of a key after the commit, at most once an hour."""
        cr = self.env.cr
        if key_id not in cr.cache.get(_NOTED, ()):
            cr.postcommit.add(partial(_write_last_used, cr.dbname, key_id))

    @api.model
    def _generate(
        self,
        endpoint: models.BaseModel,
        user: models.BaseModel,
        name: str,
        expiration_date: datetime | str | None = None,
        scopes: str | None = None,
    ) -> tuple[FastapiEndpointKey, str]:
        """Make a key of a user for an endpoint.

        :param expiration_date: empty for a key that never expires, which only some
            users may make, as in Odoo
        :return: the record, and the secret, which is not stored
        :raises AccessError: the current user may not make the key
        :raises UserError: the user can't have a key
        """
        endpoint = endpoint.with_env(self.env)
        endpoint.check_access("write")
        self._check_user(endpoint, user)
        expiration_date = fields.Datetime.to_datetime(expiration_date)
        api_keys = self.env["res.users.apikeys"]
        # with the rights of the current user, as for their own keys
        api_keys._check_expiration_date(expiration_date)
        if expiration_date and expiration_date <= fields.Datetime.now():
            raise ValidationError(
                self.env._(
                    "The key would have expired already, at %s UTC.", expiration_date
                )
            )
        scope = self._get_scope(endpoint.id)
        # sudo: Odoo makes keys for the current user only
        secret = api_keys.with_user(user).sudo()._generate(scope, name, expiration_date)
        api_key = api_keys.sudo().search(
            [("user_id", "=", user.id), ("scope", "=", scope)], order="id desc", limit=1
        )
        key = self.sudo().create(
            {"endpoint_id": endpoint.id, "api_key_id": api_key.id, "scopes": scopes}
        )
        key._log_change(new_value=None)
        return key.sudo(False), secret

    @api.model
    def _check_user(self, endpoint, user) -> None:
        """Refuse a user for whom the current user can't make a key.

        :raises AccessError: the current user may not make the key
        :raises UserError: the user can't have a key
        """
        user = user.sudo()
        name = user.display_name
        if not user.active or user._is_superuser() or user._is_public():
            raise UserError(
                self.env._("%s can't have a key: choose an active user.", name)
            )
        if not user._is_internal() and not endpoint.allow_portal_users:
            raise UserError(
                self.env._(
                    "%(user)s is not an internal user, and %(endpoint)s does not allow "
                    "portal users.",
                    user=name,
                    endpoint=endpoint.name,
                )
            )
        if self.env.is_system():
            return
        companies = endpoint.company_id or user.company_ids
        if companies - self.env.user.company_ids:
            raise AccessError(
                self.env._(
                    "%s works in companies that you don't belong to: you can't make "
                    "keys for this user.",
                    name,
                )
            )
        if any(map(user._has_group, ("base.group_system", "base.group_erp_manager"))):
            raise AccessError(
                self.env._(
                    "%s administers this database: only a system administrator can "
                    "make keys for this user.",
                    name,
                )
            )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._clean_vals(vals) for vals in vals_list])

    def write(self, vals):
        if not self.env.su:
            if vals.keys() - {"scopes"}:
                raise AccessError(
                    self.env._(
                        "Only the scopes of a key can be changed, not: %s",
                        ", ".join(sorted(vals.keys() - {"scopes"})),
                    )
                )
            self.check_access("write")  # before an error that names the user
            for key in self:
                self._check_user(key.endpoint_id, key.user_id)
        before = [key.scopes for key in self]
        result = super().write(self._clean_vals(vals))
        for key, scopes in zip(self, before, strict=True):
            if key.scopes != scopes:
                key._log_change(old_value=scopes, new_value=key.scopes)
        return result

    @api.model
    def _clean_vals(self, vals):
        """Return values for ``create`` or ``write``, with sorted, unique scopes.

        :raises ValidationError: a scope has characters that OAuth does not allow
        """
        if vals.get("scopes"):
            names = sorted(set(vals["scopes"].split()))
            for name in names:
                if not SCOPE.fullmatch(name):
                    raise ValidationError(
                        self.env._(
                            "%s can't be the name of a scope: use letters without "
                            "accents, digits and signs such as : . _ -",
                            name,
                        )
                    )
            vals = {**vals, "scopes": " ".join(names)}
        return vals

    def unlink(self):
        """Also delete the keys of Odoo."""
        api_keys = self.sudo().api_key_id
        result = super().unlink()
        api_keys._remove()
        return result

    def action_revoke(self):
        """Delete the keys; clients that send them get a 401."""
        self.check_access("write")
        return self._revoke()

    @check_identity
    def _revoke(self):
        # sudo: only this method may delete keys, after Odoo has asked for the password
        keys = self.sudo()
        for key in keys:
            key._log_change(old_value=None)
        keys.unlink()
        return {"type": "ir.actions.act_window_close"}

    def _log_change(self, **scopes: str | bool | None) -> None:
        """Log on the endpoint that a key was made or revoked, or has other scopes.

        :param scopes: ``new_value`` of a new key, ``old_value`` of a revoked one, or
            both; each with the scopes to show, if any
        """
        key = f"{self.name} ({self.user_id.display_name})"
        self.env["fastapi.endpoint.change"].sudo().create(
            {
                "endpoint_id": self.endpoint_id.id,
                "field_name": "key_ids",
                **{
                    name: f"{key}: {value}" if value else key
                    for name, value in scopes.items()
                },
            }
        )


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"  # pylint: disable=consider-merging-classes-inherited

    key_ids = fields.One2many(
        comodel_name="fastapi.endpoint.key",
        inverse_name="endpoint_id",
        string="API Keys",
        groups="fastapi.group_fastapi_user",
        help="Keys that open this endpoint and nothing else.",
    )

    def unlink(self):
        # sudo: users can't delete keys, but may delete the endpoint
        self.sudo().key_ids.unlink()
        return super().unlink()


def _write_last_used(dbname: str, key_id: int) -> None:
    """Store that a key was used now, unless another request is doing that.

    The response is already complete, so a failure is only logged.
    """
    query = SQL(
        """
        UPDATE fastapi_endpoint_key SET last_used = now() AT TIME ZONE 'UTC'
         WHERE id IN (
                   SELECT id FROM fastapi_endpoint_key
                    WHERE id = %s
                      AND (last_used IS NULL OR last_used
                           < now() AT TIME ZONE 'UTC' - interval '1 hour')
               FOR NO KEY UPDATE SKIP LOCKED)
        """,
        key_id,
    )
    try:
        with Registry(dbname).cursor() as cr:
            cr.execute(query, log_exceptions=False)
    except Exception:
        _logger.warning("The use of API key %s was not stored", key_id, exc_info=True)
