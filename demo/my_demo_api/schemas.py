# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The bodies of requests and responses."""

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints, computed_field

from odoo.addons.fastapi.records import RecordSchema, Source

__all__ = [
    "Bank",
    "BankAccount",
    "EchoResponse",
    "EndpointAppInfo",
    "ErrorInfo",
    "NewBankAccount",
    "PartnerInfo",
]


class Bank(BaseModel):
    name: str
    bic: str | None


class BankAccount(RecordSchema):
    id: int
    number: Annotated[str, Source("acc_number")]
    holder_name: Annotated[str | None, Source("acc_holder_name")]
    # the app can't read the bank itself, only these fields of the account
    bank_name: Annotated[str | None, Field(exclude=True)]
    bank_bic: Annotated[str | None, Field(exclude=True)]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def bank(self) -> Bank | None:
        if not self.bank_name:
            return None
        return Bank(name=self.bank_name, bic=self.bank_bic)


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


class EchoResponse(BaseModel):
    message: str


class EndpointAppInfo(RecordSchema):
    id: int
    name: str
    app: str
    root_path: str


class ErrorInfo(BaseModel):
    """The response to an error of Odoo, made by ``error_handlers``."""

    detail: str
    code: str


class PartnerInfo(RecordSchema):
    name: str
    email: str | None
