# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``fastapi.idempotency.key``: requests that were carried out, and their responses."""

from odoo import api, fields, models

#: Rows that are removed in one transaction.
BATCH = 5000


class FastapiIdempotencyKey(models.Model):
    """A request with an ``Idempotency-Key``, written by ``idempotency/store.py``.

    A response may hold data that only its caller may see, so only administrators may
    read this model.
    """

    _name = "fastapi.idempotency.key"
    _description = "Idempotency Key"
    _log_access = False
    _rec_name = "key"
    _order = "id desc"

    endpoint_id = fields.Many2one(
        comodel_name="fastapi.endpoint", required=True, ondelete="cascade"
    )
    #: Hash of caller and key.
    digest = fields.Char(required=True)
    key = fields.Char(required=True)
    caller = fields.Char(required=True)
    method = fields.Char(required=True)
    path = fields.Char(required=True)
    fingerprint = fields.Char(required=True)
    date = fields.Datetime(required=True)
    expires = fields.Datetime(required=True, index=True)
    status = fields.Integer()
    headers = fields.Text()
    body = fields.Binary(attachment=False)

    _key_of_caller = models.UniqueIndex("(endpoint_id, digest)")

    @api.autovacuum
    def _gc_expired(self):
        """Remove a part of the expired rows; Odoo calls this until none is left."""
        # an array, because PostgreSQL may run a subquery with IN several times: then
        # its LIMIT does not hold
        self.env.cr.execute(
            """
            DELETE FROM fastapi_idempotency_key
             WHERE id = ANY (ARRAY(
                    SELECT id FROM fastapi_idempotency_key
                     WHERE expires <= now() AT TIME ZONE 'UTC'
                     LIMIT %s
                       FOR UPDATE SKIP LOCKED
                   ))
            """,
            [BATCH],
        )
        count = self.env.cr.rowcount
        return count, int(count == BATCH)
