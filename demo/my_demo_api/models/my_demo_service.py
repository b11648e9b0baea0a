# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the route ``/echo`` does, where other addons can inherit it."""

from odoo import api, models


class MyDemoService(models.AbstractModel):
    _name = "my_demo.service"
    _description = "My Demo API: Service"

    @api.private
    def echo(self, message: str) -> str:
        """Return what to answer to a message.

        :param message: as the client has sent it
        """
        return message
