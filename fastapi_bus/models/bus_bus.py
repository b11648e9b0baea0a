# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models

from ..reader import look_now

#: Key of the data that Odoo collects until the NOTIFY: the channels.
CHANNELS = "bus.bus.channels"


class BusBus(models.Model):
    _inherit = "bus.bus"

    @api.model
    def _sendone(self, target, notification_type, message):
        cr = self.env.cr
        if CHANNELS not in cr.postcommit.data:
            # the first one, so that it runs before the NOTIFY
            cr.postcommit.add(
                lambda: look_now(cr.dbname, cr.postcommit.data.get(CHANNELS, ()))
            )
        return super()._sendone(target, notification_type, message)
