# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Another implementation of ``/echo``, and that of ``/echo2``."""

from odoo import api, models


class MyDemoService(models.AbstractModel):
    _inherit = "my_demo.service"

    def echo(self, message: str) -> str:
        return f"Hello {super().echo(message)}"

    @api.private
    def echo2(self, message: str) -> str:
        """Return what ``echo`` returns, marked as coming from here.

        :param message: as the client has sent it
        """
        return f"Echo2: {self.echo(message)}"
