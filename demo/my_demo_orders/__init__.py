# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from typing import Annotated, Any

from fastapi import Depends, UploadFile
from pydantic import Field

from odoo import api

from odoo.addons.fastapi.access import checked_sudo
from odoo.addons.fastapi.models import FastapiApp
from odoo.addons.fastapi.records import CrudRouter, FilterSchema, Lookup, schema_from


class OrderFilter(FilterSchema):
    state: list[str] | None = None
    search: Annotated[str | None, Lookup("name", operator="ilike")] = None


class OrdersApp(FastapiApp):
    _name = "fastapi.app.my_demo_orders"
    _description = "My Demo Orders"
    _root_path = "/my_demo_orders"
    _user_xml_id = "my_demo_orders.user"
    _auth = ("api_key", "session")
    _create_endpoint = True

    @api.model
    def _get_endpoint_defaults(self):
        return {**super()._get_endpoint_defaults(), "allow_portal_users": True}

    def _get_routers(self):
        keys = ("id", "product_id", "product_uom_qty", "price_subtotal")
        Line = schema_from(self.env["sale.order.line"], *keys)
        quantity = Annotated[float, Field(gt=0, le=1000)]
        LineContent = Line.for_update("id", "product_id", product_uom_qty=quantity)
        keys = ("id", "name", "state", "date_order", "client_order_ref", "amount_total")
        Order = schema_from(self.env["sale.order"], *keys, order_line=Line)
        Content = Order.for_update("client_order_ref", order_line=LineContent)
        router = CrudRouter(
            "sale.order",
            prefix="/orders",
            schema=Order,
            create=Content,
            update=Content,
            filter=OrderFilter,
            sort=("name", "date_order", "amount_total"),
            values=lambda env: {"partner_id": env.context["authenticated_partner_id"]},
            checked_sudo=True,
        )

        @router.post("/{id}/confirm", response_model=Order)
        def confirm_order(order: Annotated[Any, Depends(router.record)]):
            checked_sudo("write", order.action_confirm)
            return order

        @router.post("/{id}/cancel", response_model=Order)
        def cancel_order(order: Annotated[Any, Depends(router.record)]):
            checked_sudo("write", order.action_cancel)
            return order

        @router.post("/{id}/files", status_code=204)
        def add_file(order: Annotated[Any, Depends(router.record)], file: UploadFile):
            files = [(file.filename.replace("\0", ""), file.file.read())]
            checked_sudo("write", order.message_post, attachments=files)

        return [router]
