# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The app ``my_demo`` with one more route, smaller pages and another ``/echo``.

It does not change the router of the other addon, which all databases of the process
share, also those without this addon.
"""

from odoo import api, models

from odoo.addons.fastapi.dependencies import make_paging, paging

from .routers import router


class MyDemoApp(models.AbstractModel):
    _inherit = "fastapi.app.my_demo"

    def _get_routers(self):
        return [*super()._get_routers(), router]

    def _get_dependency_overrides(self):
        small_pages = make_paging(page_size=20, max_page_size=100)
        return {**super()._get_dependency_overrides(), paging: small_pages}


class MyDemoService(models.AbstractModel):
    _inherit = "my_demo.service"

    def echo(self, message: str) -> str:
        return f"Hello {super().echo(message)}"

    @api.private
    def echo2(self, message: str) -> str:
        """Return the result of ``echo``, with a mark of this addon."""
        return f"Echo2: {self.echo(message)}"
