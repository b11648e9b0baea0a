# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Logins that nobody has take as long as wrong passwords."""

from collections.abc import Iterator
from contextlib import contextmanager

from odoo import models
from odoo.exceptions import AccessDenied
from odoo.tools import SQL

from ..dependencies import EVEN_TIME_KEY


class ResUsers(models.Model):
    _inherit = "res.users"

    @contextmanager
    def _assert_can_auth(self, user: str | int | None = None) -> Iterator[None]:
        """Hash a password in vain where Odoo has found none to compare with.

        Hashing is what takes the time: without it, clients could tell from the time of
        an answer which logins there are. Only for the APIs (``EVEN_TIME_KEY``), and
        not after too many failures, when Odoo looks at nobody's password.
        """
        with super()._assert_can_auth(user=user):
            try:
                yield
            except AccessDenied:
                if self.env.context.get(EVEN_TIME_KEY) and not self._has_hash(user):
                    self._crypt_context().hash("nobody's password")
                raise

    def _has_hash(self, login: str) -> bool:
        """Return whether ``_check_credentials`` hashes what is sent for a login."""
        user = self.search(
            self._get_login_domain(login), order=self._get_login_order(), limit=1
        )
        if not user or user._rpc_api_keys_only():
            return False
        query = SQL("SELECT password FROM res_users WHERE id = %s", user.id)
        return bool(self.env.execute_query(query)[0][0])
