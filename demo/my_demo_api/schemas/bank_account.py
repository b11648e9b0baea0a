# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from odoo.addons.base.models.res_bank import ResPartnerBank

from .fields import OptionalText

__all__ = ["Bank", "BankAccount", "NewBankAccount"]


class Bank(BaseModel):
    name: str
    bic: OptionalText


class BankAccount(BaseModel):
    id: int
    number: str
    holder_name: OptionalText
    bank: Bank | None

    @classmethod
    def from_record(cls, account: ResPartnerBank) -> "BankAccount":
        """Return what clients get to see of a ``res.partner.bank``."""
        bank = None
        if account.bank_name:
            bank = Bank(name=account.bank_name, bic=account.bank_bic)
        return cls(
            id=account.id,
            number=account.acc_number,
            holder_name=account.acc_holder_name,
            bank=bank,
        )


class NewBankAccount(BaseModel):
    number: Annotated[
        str,
        StringConstraints(
            strip_whitespace=True,
            max_length=64,
            pattern=r"^[A-Za-z0-9][A-Za-z0-9 ./-]*$",
        ),
        Field(examples=["BE71 0961 2345 6769"]),
    ]
