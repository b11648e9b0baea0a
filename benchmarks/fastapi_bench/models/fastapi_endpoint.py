# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The app ``bench``, and the records that it reads."""

from fastapi import APIRouter

from odoo import api, fields, models

from odoo.addons.base.models.res_users import INDEX_SIZE, KEY_CRYPT_CONTEXT
from odoo.addons.fastapi.dependencies import authenticated_partner_impl

from ..routers import (
    caller_router,
    get_many_routes,
    many_router,
    partner_of_user,
    records_router,
    router,
)
from ..work import KEY, LOGIN, NATIVE_KEY, PARTNER_REF, PASSWORD

PARTNERS = 100  # more than a page of 80


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

    app = fields.Selection(
        selection_add=[
            ("bench", "Benchmark"),
            ("bench_callers", "Benchmark, callers"),
            ("bench_small", "Benchmark, eight routes"),
            ("bench_many", "Benchmark, many routes"),
        ],
        ondelete={
            "bench": "cascade",
            "bench_callers": "cascade",
            "bench_small": "cascade",
            "bench_many": "cascade",
        },
    )

    def _get_fastapi_routers(self) -> list[APIRouter]:
        routers = super()._get_fastapi_routers()
        if self.app == "bench":
            routers += [router, records_router, many_router]
        if self.app == "bench_callers":
            routers.append(caller_router)
        if self.app == "bench_small":
            routers.append(router)
        if self.app == "bench_many":
            # /bench_many/500
            routers.append(get_many_routes(int(self.root_path.split("/")[-1])))
        return routers

    def _get_app_dependencies_overrides(self):
        overrides = super()._get_app_dependencies_overrides()
        if self.app in ("bench", "bench_small"):
            overrides[authenticated_partner_impl] = partner_of_user
        return overrides

    @api.model
    def _create_bench_partners(self):
        """Create the partners that the benchmark lists, if there are none."""
        partners = self.env["res.partner"]
        if not partners.search_count([("ref", "=", PARTNER_REF)], limit=1):
            partners.create(
                [
                    {
                        "name": f"Partner {number:03}",
                        "email": f"partner{number:03}@bench.example",
                        "ref": PARTNER_REF,
                    }
                    for number in range(PARTNERS)
                ]
            )

    @api.model
    def _create_bench_callers(self):
        """Create a caller, and an endpoint for each way to authenticate."""
        if "auth_api_key" not in self._fields:  # the published addon
            return
        user = self.env["res.users"].create(
            {"name": LOGIN, "login": LOGIN, "password": PASSWORD}
        )
        vals = {
            "app": "bench_callers",
            "user_id": self.env.ref("fastapi_bench.user_bench").id,
            "save_http_session": False,
        }
        by_key, _by_password = self.create(
            [
                {**vals, "name": "key", "root_path": "/bench_key", "auth_api_key": 1},
                {**vals, "name": "basic", "root_path": "/bench_basic", "auth_basic": 1},
            ]
        )
        endpoint_keys = self.env["fastapi.endpoint.key"]
        key, _secret = endpoint_keys._generate(by_key, user, "benchmark")
        api_keys = self.env["res.users.apikeys"].with_user(user).sudo()
        api_keys._generate("rpc", "benchmark", None)
        # those that works.py knows
        for secret, condition in ((KEY, "id = %s"), (NATIVE_KEY, "id <> %s")):
            self.env.cr.execute(
                "UPDATE res_users_apikeys SET key = %s, index = %s "
                f"WHERE user_id = %s AND {condition}",
                [
                    KEY_CRYPT_CONTEXT.hash(secret),
                    secret[:INDEX_SIZE],
                    user.id,
                    key.api_key_id.id,
                ],
            )
