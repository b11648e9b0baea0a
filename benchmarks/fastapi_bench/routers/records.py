# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A page of records as a route: with a schema that reads them, where there is one."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from odoo.api import Environment

from odoo.addons.fastapi.dependencies import odoo_env

from ..work import CONTACT_FIELDS, PARTNER_REF

try:
    from odoo.addons.fastapi.records import RecordSchema
except ImportError:  # the published addon
    RecordSchema = None

router = APIRouter()
DOMAIN = [("ref", "=", PARTNER_REF)]
PAGE_SIZE = 80


class Contact(RecordSchema or BaseModel):
    id: int
    name: str
    email: str | None
    phone: str | None
    street: str | None
    city: str | None
    zip: str | None
    ref: str | None


@router.get("/records")
def records(env: Annotated[Environment, Depends(odoo_env)]) -> dict[str, list[Contact]]:
    partners = env["res.partner"]
    if RecordSchema is not None:
        items = Contact.from_search(partners, DOMAIN, limit=PAGE_SIZE, order="id")
    else:
        items = [
            Contact(
                id=partner.id,
                **{name: partner[name] or None for name in CONTACT_FIELDS},
            )
            for partner in partners.search(DOMAIN, limit=PAGE_SIZE, order="id")
        ]
    return {"items": items}
