# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The work as controllers of Odoo, as one would write them without the addon.

What reads records does so as the user of the endpoint: the same access rights are
checked and the same record rules are applied on both sides.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import BadRequest

from odoo.http import Controller, Response, request, route

from ..work import CHUNK, CONTACT_FIELDS, PARTNER_REF, find_partners, generate

if TYPE_CHECKING:
    from odoo.api import Environment
    from odoo.models import BaseModel

_OPTIONS = {"type": "http", "auth": "public", "save_session": False}
_PAGE_SIZE = 80


def _get_env() -> Environment:
    return request.env(user=_get_id("user_bench"))


def _get_id(name: str) -> int:
    # Cached by Odoo; env.ref would make a query.
    return request.env["ir.model.data"]._xmlid_to_res_id(f"fastapi_bench.{name}")


def _get_paging(page: str, page_size: str) -> tuple[int, int]:
    """Return limit and offset."""
    try:
        number, size = int(page), int(page_size)
    except ValueError as error:
        raise BadRequest("page and page_size are numbers") from error
    if number < 1 or size < 1:
        raise BadRequest("page and page_size are at least 1")
    return size, (number - 1) * size


def _get_contacts(partners: BaseModel) -> list[dict[str, Any]]:
    return [
        {
            "id": partner.id,
            **{name: partner[name] or None for name in CONTACT_FIELDS},
        }
        for partner in partners
    ]


def _is_line(line: Any) -> bool:
    if not isinstance(line, dict):
        return False
    product, quantity = line.get("product"), line.get("quantity")
    price, note = line.get("price"), line.get("note")
    return (
        isinstance(product, str)
        and 0 < len(product) <= 32
        and isinstance(quantity, int)
        and quantity > 0
        and isinstance(price, int | float)
        and price >= 0
        and (note is None or isinstance(note, str))
    )


class Native(Controller):
    @route("/bench_native/trivial", methods=["GET"], **_OPTIONS)
    def trivial(self):
        return request.make_json_response({"hello": "world"})

    @route("/bench_native/dependencies", methods=["GET"], **_OPTIONS)
    def dependencies(self, page="1", page_size=str(_PAGE_SIZE)):
        limit, offset = _get_paging(page, page_size)
        env = _get_env()
        endpoint = env["fastapi.endpoint"].browse(_get_id("endpoint_bench"))
        partner = env.user.partner_id
        return request.make_json_response(
            {
                "endpoint": endpoint.name,
                "partner": partner.name,
                "limit": limit,
                "offset": offset,
            }
        )

    @route("/bench_native/partners", methods=["GET"], **_OPTIONS)
    def partners(self, page="1", page_size=str(_PAGE_SIZE)):
        count, found = find_partners(_get_env(), *_get_paging(page, page_size))
        return request.make_json_response(
            {
                "count": count,
                "items": [
                    {"id": partner.id, "name": partner.name, "email": partner.email}
                    for partner in found
                ],
            }
        )

    @route("/bench_native/records", methods=["GET"], **_OPTIONS)
    def records(self):
        domain = [("ref", "=", PARTNER_REF)]
        found = _get_env()["res.partner"].search(domain, limit=_PAGE_SIZE, order="id")
        return request.make_json_response({"items": _get_contacts(found)})

    @route("/bench_native/contacts", methods=["GET"], **_OPTIONS)
    def contacts(self, name="", sort="name", page="1", page_size=str(_PAGE_SIZE)):
        limit, offset = _get_paging(page, page_size)
        if sort.removeprefix("-") not in ("name", "ref"):
            raise BadRequest("sort by name or ref")
        order = f"{sort[1:]} desc, id" if sort.startswith("-") else f"{sort}, id"
        domain = [("ref", "=", PARTNER_REF)]
        if name:
            domain.append(("name", "ilike", name))
        partners = _get_env()["res.partner"]
        found = partners.search(domain, limit=limit, offset=offset, order=order)
        count = partners.search_count(domain)
        return request.make_json_response(
            {"count": count, "items": _get_contacts(found)}
        )

    @route("/bench_native/caller", methods=["GET"], **{**_OPTIONS, "auth": "bearer"})
    def caller(self):
        partner = request.env.user.partner_id
        return request.make_json_response({"id": partner.id, "name": partner.name})

    @route("/bench_native/lines", methods=["POST"], csrf=False, **_OPTIONS)
    def lines(self):
        try:
            lines = json.loads(request.httprequest.get_data())["lines"]
        except (KeyError, TypeError, ValueError) as error:
            raise BadRequest("no lines") from error
        if not isinstance(lines, list) or not all(map(_is_line, lines)):
            raise BadRequest("a line is wrong")
        return request.make_json_response(
            {"lines": len(lines), "quantity": sum(line["quantity"] for line in lines)}
        )

    @route("/bench_native/stream", methods=["GET"], **_OPTIONS)
    def stream(self, megabytes):
        return Response(
            generate(int(megabytes)),
            content_type="application/octet-stream",
            direct_passthrough=True,
        )

    @route("/bench_native/upload", methods=["POST"], csrf=False, **_OPTIONS)
    def upload(self, file):
        size = 0
        while chunk := file.stream.read(CHUNK):
            size += len(chunk)
        return request.make_json_response({"size": size})
