# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import http
from odoo.http import request

from ..schemas import Location


class Native(http.Controller):
    @http.route("/test_extendable_fastapi/http", type="http", auth="none")
    def over_http(self):
        return request.make_json_response(Location(name="http").model_dump())

    @http.route("/test_extendable_fastapi/jsonrpc", type="jsonrpc", auth="none")
    def over_jsonrpc(self):
        return Location(name="rpc").model_dump()
