# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The logic of the routes, for other addons to inherit."""

from odoo import api, models
from odoo.exceptions import MissingError, UserError


class MyDemoService(models.AbstractModel):
    _name = "my_demo.service"
    _description = "My Demo API: Service"

    @api.private
    def echo(self, message: str) -> str:
        """Return the text to send back for a message of a client."""
        return message


class MyDemoBankAccounts(models.AbstractModel):
    """Runs in the environment of the calling partner.

    Access rights and a record rule of the app's group decide which accounts it sees.
    """

    _name = "my_demo.bank_accounts"
    _description = "My Demo API: Bank Accounts"

    @api.private
    def get_one(self, account_id):
        """Return a bank account.

        :param int account_id: id of the account
        :raises MissingError: the account does not exist, or belongs to another partner.
            The error is the same, so that it does not show which ids exist.
        """
        account = self.env["res.partner.bank"].search([("id", "=", account_id)])
        if not account:
            raise MissingError(
                self.env._("There is no bank account %(id)s.", id=account_id)
            )
        return account

    @api.private
    def add(self, partner, number):
        """Create and return a bank account.

        :param partner: holder of the account
        :param str number: number of the account
        :raises AccessError: the holder is not the calling partner
        :raises UserError: the partner already has an account, maybe archived, with that
            number
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
