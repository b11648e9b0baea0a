# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The app ``my_demo`` with one route more, and smaller pages.

The router of the other addon stays as it is: every database of the process shares it,
also those where this addon is not installed.
"""

from fastapi import APIRouter, FastAPI

from odoo import models

from odoo.addons.fastapi.dependencies import paging

from ..dependencies import small_pages
from ..routers import router


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

    def _get_fastapi_routers(self) -> list[APIRouter]:
        routers = super()._get_fastapi_routers()
        if self.app == "my_demo":
            routers.append(router)
        return routers

    def _get_app(self) -> FastAPI:
        app = super()._get_app()
        if self.app == "my_demo":
            app.dependency_overrides[paging] = small_pages
        return app
