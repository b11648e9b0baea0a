# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``fastapi.rate.count``: the table in which PostgreSQL counts (rates.postgres)."""

from odoo import api, fields, models, tools
from odoo.sql_db import Cursor

#: System parameter: URI of a storage of the library ``limits``. Empty: PostgreSQL.
STORAGE_PARAMETER = "fastapi_limits.storage_uri"
#: Rows that the daily cleaning deletes in one transaction.
BATCH = 10_000


class FastapiRateCount(models.Model):
    """The requests of a subject that a rate has counted in two windows.

    The table is made here, not by the ORM, which would give it an ``id``: an upsert
    takes a number of its sequence also if the row exists, so the numbers would run out.
    The table is not logged: a request writes nothing to the disk, and a crash of
    PostgreSQL empties it.
    """

    _name = "fastapi.rate.count"
    _description = "Counted Requests"
    _auto = False
    _log_access = False
    _rec_name = "key"

    key = fields.Char(help="Keyed hash of the rate and of the subject.")
    amount = fields.Integer(help="How many requests the rate allows.")
    seconds = fields.Float(help="Length of a window.")
    start = fields.Float(help="When the current window began: seconds since 1970.")
    previous = fields.Integer(help="Requests in the window before the current one.")
    current = fields.Integer(help="Requests in the current window.")
    refused = fields.Boolean(help="Whether the last request was refused.")

    def init(self):
        self.env.cr.execute(
            """
            CREATE UNLOGGED TABLE IF NOT EXISTS fastapi_rate_count (
                key text PRIMARY KEY,
                amount integer NOT NULL,
                seconds float8 NOT NULL,
                start float8 NOT NULL,
                previous integer NOT NULL,
                current integer NOT NULL,
                refused boolean NOT NULL
            ) WITH (fillfactor = 50)  -- room for new versions of the rows
            """
        )

    @api.model
    @tools.ormcache(cache="stable")  # that of the system parameters
    def _get_settings(self) -> tuple[bytes, str]:
        """Return the key of the hashes, and the URI of the storage, empty for this."""
        parameters = self.env["ir.config_parameter"].sudo()
        secret = parameters.get_param("database.secret")
        uri = parameters.get_param(STORAGE_PARAMETER) or ""
        return secret.encode(), uri.strip()

    @api.autovacuum
    def _gc_counts(self):
        """Delete rows whose windows have passed, in a transaction of its own.

        Requests change rows all the time, which would be conflicts in Odoo's
        transactions.

        :return: how many rows were deleted, and whether there may be more
        """
        with self.env.registry.cursor() as cr:
            if isinstance(cr, Cursor):  # not that of a test
                cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            # an array, because PostgreSQL may run a subquery with IN several times:
            # then its LIMIT does not hold
            cr.execute(
                """
                DELETE FROM fastapi_rate_count WHERE key = ANY (ARRAY(
                    SELECT key FROM fastapi_rate_count
                    WHERE start + 2 * seconds < extract(epoch FROM clock_timestamp())
                    LIMIT %s FOR UPDATE SKIP LOCKED
                ))
                """,
                [BATCH],
            )
            return cr.rowcount, int(cr.rowcount == BATCH)
