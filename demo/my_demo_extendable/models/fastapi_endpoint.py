# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from collections.abc import Callable

from fastapi import APIRouter

from odoo import fields, models

from odoo.addons.fastapi.dependencies import (
    authenticated_partner_from_basic_auth_user,
    authenticated_partner_impl,
)

from ..routers import router


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

    app = fields.Selection(
        selection_add=[("my_demo_extendable", "My Demo Extendable")],
        ondelete={"my_demo_extendable": "cascade"},
    )

    def _get_fastapi_routers(self) -> list[APIRouter]:
        routers = super()._get_fastapi_routers()
        if self.app == "my_demo_extendable":
            routers.append(router)
        return routers

    def _get_app_dependencies_overrides(self) -> dict[Callable, Callable]:
        overrides = super()._get_app_dependencies_overrides()
        if self.app == "my_demo_extendable":
            overrides[authenticated_partner_impl] = (
                authenticated_partner_from_basic_auth_user
            )
        return overrides
