# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from fastapi import APIRouter

from odoo import fields, models

from ..routers import plain_router, router


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

    app = fields.Selection(
        selection_add=[
            ("test_extendable", "Test with extendable schemas"),
            ("test_extendable_plain", "Test with an extended schema in a plain one"),
        ],
        ondelete={"test_extendable": "cascade", "test_extendable_plain": "cascade"},
    )

    def _get_fastapi_routers(self) -> list[APIRouter]:
        routers = super()._get_fastapi_routers()
        if self.app == "test_extendable":
            routers.append(router)
        elif self.app == "test_extendable_plain":
            routers.append(plain_router)
        return routers
