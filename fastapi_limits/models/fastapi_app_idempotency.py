# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Keys of an app: the setting of its new endpoints."""

from odoo import api, models


class FastapiApp(models.AbstractModel):
    _inherit = "fastapi.app"  # pylint: disable=consider-merging-classes-inherited

    #: Whether requests to new endpoints may have an ``Idempotency-Key``: ``"accepted"``
    #: or ``"required"``.
    _idempotency: str | None = None

    @api.model
    def _get_endpoint_defaults(self):
        defaults = super()._get_endpoint_defaults()
        if self._idempotency and self._name != "fastapi.app":
            defaults["idempotency"] = self._idempotency
        return defaults
