# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Pages of records as routes: with what the addon has for it, where there is some."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from odoo.api import Environment

from odoo.addons.base.models.res_partner import ResPartner
from odoo.addons.fastapi.dependencies import odoo_env, paging
from odoo.addons.fastapi.schemas import PagedCollection, Paging

from ..work import CONTACT_FIELDS, PARTNER_REF

try:
    from odoo.addons.fastapi.records import (
        CrudRouter,
        FilterSchema,
        Lookup,
        RecordSchema,
    )
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


def get_contacts(partners: ResPartner) -> list[Contact]:
    """Return contacts as one makes them without a schema that reads records."""
    return [
        Contact(
            id=partner.id,
            **{name: partner[name] or None for name in CONTACT_FIELDS},
        )
        for partner in partners
    ]


@router.get("/records")
def records(env: Annotated[Environment, Depends(odoo_env)]) -> dict[str, list[Contact]]:
    partners = env["res.partner"]
    if RecordSchema is not None:
        items = Contact.from_search(partners, DOMAIN, limit=PAGE_SIZE, order="id")
    else:
        items = get_contacts(partners.search(DOMAIN, limit=PAGE_SIZE, order="id"))
    return {"items": items}


if RecordSchema is not None:

    @router.get("/page/{limit}")
    def page(
        env: Annotated[Environment, Depends(odoo_env)], limit: int
    ) -> list[Contact]:
        return Contact.from_search(env["res.partner"], DOMAIN, limit=limit, order="id")

    class ContactFilter(FilterSchema):
        name: Annotated[str | None, Lookup(operator="ilike")] = None

    router.include_router(
        CrudRouter(
            "res.partner",
            prefix="/contacts",
            schema=Contact,
            filter=ContactFilter,
            sort=("name", "ref"),
            domain=DOMAIN,
            env=odoo_env,
        )
    )
else:

    @router.get("/contacts")
    def contacts(
        env: Annotated[Environment, Depends(odoo_env)],
        paging: Annotated[Paging, Depends(paging)],
        name: str = "",
        sort: Annotated[str, Query(pattern="^-?(name|ref)$")] = "name",
    ) -> PagedCollection[Contact]:
        domain = [*DOMAIN, ("name", "ilike", name)]
        order = f"{sort[1:]} desc, id" if sort.startswith("-") else f"{sort}, id"
        partners = env["res.partner"]
        found = partners.search(
            domain, limit=paging.limit, offset=paging.offset, order=order
        )
        return PagedCollection[Contact](
            count=partners.search_count(domain), items=get_contacts(found)
        )
