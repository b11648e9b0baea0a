# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Adapts ``res.users`` to API logins with a password (``auth.basic``).

They differ from other logins: an unknown login takes as long as a wrong password,
``auth.attempts`` counts the failures, and no login is recorded.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg2.errors import ReadOnlySqlTransaction

from odoo import api, models
from odoo.exceptions import AccessDenied
from odoo.tools import SQL

from ..auth.basic import is_api_login


class ResUsers(models.Model):
    _inherit = "res.users"

    @contextmanager
    def _assert_can_auth(self, user: str | int | None = None) -> Iterator[None]:
        """Hash a password even if Odoo has no hash to compare it with.

        Without hashing, a fast response would reveal that a login does not exist. Odoo
        does not count failures here: ``auth.attempts`` does.
        """
        if not is_api_login(self.env):
            with super()._assert_can_auth(user=user):
                yield
            return
        try:
            yield
        except AccessDenied:
            if not self._has_hash(user):
                self._crypt_context().hash("a password that no user has")
            raise

    def _has_hash(self, login: str) -> bool:
        """Return whether ``_check_credentials`` hashes a password for a login."""
        user = self.search(
            self._get_login_domain(login), order=self._get_login_order(), limit=1
        )
        if not user or user._rpc_api_keys_only():
            return False
        query = SQL("SELECT password FROM res_users WHERE id = %s", user.id)
        return bool(self.env.execute_query(query)[0][0])

    def _set_encrypted_password(self, uid, pw):
        """Replace an outdated hash, but not on a replica.

        The log of PostgreSQL's own error would contain the new hash.

        :raises psycopg2.errors.ReadOnlySqlTransaction: Odoo replays the request
        """
        if is_api_login(self.env) and self.env.cr.readonly:
            raise ReadOnlySqlTransaction("The password has to be hashed again.")
        return super()._set_encrypted_password(uid, pw)

    @api.model
    def _update_last_login(self) -> None:
        if not is_api_login(self.env):
            return super()._update_last_login()

    def write(self, vals):
        # Odoo's _login stores the time zone of a cookie for users who never logged in.
        # That would happen at each first call, and clear the caches of all processes.
        if is_api_login(self.env) and vals.keys() == {"tz"}:
            return True
        return super().write(vals)

    def _get_credential_state(self, method: str) -> str | None:
        """Return a text that changes when a credential may have become invalid.

        Each call with a remembered credential compares the text, so it must be fast to
        compute. An override may return a text for its own method.

        :param method: ``auth_method`` that ``authenticate`` has returned
        :return: None if the database can't tell, for example for a password in LDAP.
            Then each call verifies the credential.
        """
        self.ensure_one()
        if method not in ("password", "apikey"):
            return None
        values = self._session_token_get_values()
        if not values:  # the user is gone
            return None
        if method == "password":
            return repr((values, self._rpc_api_keys_only()))
        query = SQL(
            "SELECT id FROM res_users_apikeys WHERE user_id = %s AND (expiration_date "
            "IS NULL OR expiration_date >= now() AT TIME ZONE 'utc') ORDER BY id",
            self.id,
        )
        return repr((values, self.env.execute_query(query)))
