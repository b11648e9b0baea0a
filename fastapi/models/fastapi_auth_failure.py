# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``fastapi.auth.failure``: counts failed attempts to authenticate (auth.attempts)."""

import math

from odoo import api, fields, models
from odoo.tools import SQL

from ..system_parameters import get_number

#: Largest number of seconds for which attempts are refused.
MAX_DURATION = 24 * 60 * 60
#: The clock of the database is the same for all hosts.
_NOW = SQL("clock_timestamp() AT TIME ZONE 'UTC'")


class FastapiAuthFailure(models.Model):
    """Failures of an address, or of an address for one subject, until ``expiration``.

    The failure that reaches the limit postpones ``expiration``. The client has to wait
    until then.
    """

    _name = "fastapi.auth.failure"
    _description = "Failed Attempts to Authenticate"
    _log_access = False
    _rec_name = "key"

    key = fields.Char(required=True, help="Keyed hash of what is counted.")
    failures = fields.Integer(required=True, help="How many failures there were.")
    expiration = fields.Datetime(required=True, help="When they are forgotten.")

    _key_unique = models.Constraint("UNIQUE (key)", "Failures are counted once.")

    @api.model
    def _get_limit(self) -> int:
        """Return how many failures are allowed; 0 for no limit."""
        return int(get_number(self.env, "base.login_cooldown_after", 5))

    @api.model
    def _get_duration(self) -> int:
        """Return the number of seconds for which attempts are refused."""
        seconds = get_number(self.env, "base.login_cooldown_duration", 60)
        return int(min(seconds, MAX_DURATION))

    @api.model
    def _get_seconds_to_wait(self, limits: dict[str, int]) -> int:
        """Return for how many seconds attempts are still refused.

        :param limits: limit of failures by key
        """
        query = SQL(
            "SELECT key, failures, extract(epoch FROM expiration - %(now)s) "
            "FROM fastapi_auth_failure WHERE key IN %(keys)s AND expiration > %(now)s",
            now=_NOW,
            keys=tuple(limits),
        )
        return max(
            (
                math.ceil(seconds)
                for key, failures, seconds in self.env.execute_query(query)
                if failures >= limits[key]
            ),
            default=0,
        )

    @api.model
    def _count(self, limits: dict[str, int]) -> None:
        """Count one failure for each key.

        Each key takes a single statement, so that concurrent failures are all counted.

        :param limits: limit of failures by key
        """
        fresh = SQL("%s + %s * interval '1 second'", _NOW, self._get_duration())
        for key, limit in limits.items():
            query = SQL(
                """
                INSERT INTO fastapi_auth_failure AS known (key, failures, expiration)
                VALUES (%(key)s, 1, %(fresh)s)
                ON CONFLICT (key) DO UPDATE SET
                    failures = CASE
                        WHEN known.expiration <= %(now)s THEN 1
                        ELSE known.failures + 1
                    END,
                    expiration = CASE
                        WHEN known.expiration <= %(now)s
                            OR known.failures + 1 >= %(limit)s THEN %(fresh)s
                        ELSE known.expiration
                    END
                """,
                key=key,
                fresh=fresh,
                now=_NOW,
                limit=limit,
            )
            self.env.cr.execute(query, log_exceptions=False)

    @api.autovacuum
    def _gc_failures(self) -> None:
        self.env.cr.execute(
            SQL("DELETE FROM fastapi_auth_failure WHERE expiration <= %s", _NOW)
        )
