# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models
from odoo.tools.misc import split_every

from ..channels import get_record_channel

MIXIN = "fastapi.bus.record.mixin"
#: Key of the data that a transaction collects until it is flushed.
PENDING = "fastapi_bus.records"
#: Most ids in one event.
MAX_IDS = 1000


class FastapiBusRecordMixin(models.AbstractModel):
    """Tells ``record_events`` which records of a model have changed.

    A transaction sends the ids of created, changed and deleted records, and no values.
    Changes by SQL, and deletions by PostgreSQL (``ondelete="cascade"``), are not
    noticed.
    """

    _name = MIXIN
    _description = "Records whose changes are sent to clients of APIs"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._add_to_record_events()
        return records

    def _write_multi(self, vals_list):
        # not ``write``, which is not called for stored computed fields
        result = super()._write_multi(vals_list)
        self._add_to_record_events()
        return result

    def unlink(self):
        self._add_to_record_events()
        return super().unlink()

    def _add_to_record_events(self):
        """Tell listeners at the commit that these records have changed.

        An event has up to ``MAX_IDS`` records of a model. An override may leave some
        out.
        """
        if not self:
            return
        precommit = self.env.cr.precommit
        if PENDING not in precommit.data:
            precommit.data[PENDING] = {}
            precommit.add(self.env[MIXIN]._send_record_events)
        precommit.data[PENDING].setdefault(self._name, set()).update(self._ids)

    @api.model
    def _send_record_events(self):
        for model, ids in self.env.cr.precommit.data.pop(PENDING).items():
            target = get_record_channel(model, self.env.cr.dbname)
            for some in split_every(MAX_IDS, sorted(ids)):
                self.env["bus.bus"]._sendone(target, "records", some)
