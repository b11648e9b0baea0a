# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the routes do, where other addons can inherit it."""

from odoo import api, models
from odoo.exceptions import MissingError, UserError


class MyDemoService(models.AbstractModel):
    _name = "my_demo.service"
    _description = "My Demo API: Service"

    @api.private
    def echo(self, message: str) -> str:
        """Return what to answer to a message.

        :param message: as the client has sent it
        """
        return message


class MyDemoBankAccounts(models.AbstractModel):
    """Called in the environment of the partner who calls the API.

    The access rights and the record rule of the app's group decide what there is.
    """

    _name = "my_demo.bank_accounts"
    _description = "My Demo API: Bank Accounts"

    @api.private
    def get_one(self, account_id):
        """Return a bank account.

        :param int account_id: id of the account
        :raises MissingError: there is none with this id, or it is somebody else's: who
            asks for it learns no difference
        """
        account = self.env["res.partner.bank"].search([("id", "=", account_id)])
        if not account:
            raise MissingError(
                self.env._("There is no bank account %(id)s.", id=account_id)
            )
        return account

    @api.private
    def add(self, partner, number):
        """Create a bank account.

        :param partner: holder of the account
        :param str number: number of the account
        :return: the account
        :raises AccessError: the holder is not the partner who calls
        :raises UserError: the partner has the account already, archived maybe
        """
        accounts = self.env["res.partner.bank"].with_context(active_test=False)
        domain = [("partner_id", "=", partner.id), ("acc_number", "=", number)]
        if accounts.search_count(domain, limit=1):
            raise UserError(
                self.env._("There is a bank account %(number)s already.", number=number)
            )
        return self.env["res.partner.bank"].create(
            {"partner_id": partner.id, "acc_number": number}
        )
