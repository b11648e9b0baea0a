# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The app ``bench``, and the records that it reads."""

from fastapi import APIRouter

from odoo import api, fields, models

from odoo.addons.fastapi.dependencies import authenticated_partner_impl

from ..routers import partner_of_user, records_router, router
from ..work import PARTNER_REF

PARTNERS = 100  # more than a page of 80


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

    app = fields.Selection(
        selection_add=[("bench", "Benchmark")], ondelete={"bench": "cascade"}
    )

    def _get_fastapi_routers(self) -> list[APIRouter]:
        routers = super()._get_fastapi_routers()
        if self.app == "bench":
            routers += [router, records_router]
        return routers

    def _get_app_dependencies_overrides(self):
        overrides = super()._get_app_dependencies_overrides()
        if self.app == "bench":
            overrides[authenticated_partner_impl] = partner_of_user
        return overrides

    @api.model
    def _create_bench_partners(self):
        """Create the partners that the benchmark lists, if there are none."""
        partners = self.env["res.partner"]
        if not partners.search_count([("ref", "=", PARTNER_REF)], limit=1):
            partners.create(
                [
                    {
                        "name": f"Partner {number:03}",
                        "email": f"partner{number:03}@bench.example",
                        "ref": PARTNER_REF,
                    }
                    for number in range(PARTNERS)
                ]
            )
