# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from typing import Any

from odoo import api, fields, models
from odoo.http import request


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"  # pylint: disable=consider-merging-classes-inherited

    #: Replaces values of the routing info. ``max_content_lengths`` makes
    #: ``max_content_length`` a function that returns the limit of a root path;
    #: ``readonly_methods`` makes ``readonly`` a function.
    test_routing = fields.Json()

    @api.model
    def _routing_impacting_fields(self) -> tuple[str, ...]:
        return (*super()._routing_impacting_fields(), "test_routing")

    def _get_routing_info(self) -> dict[str, Any]:
        routing = super()._get_routing_info()
        routing.update(self.test_routing or {})
        limits = routing.pop("max_content_lengths", None)
        if limits:
            routing["max_content_length"] = lambda mount: limits[mount.root_path]
        methods = routing.pop("readonly_methods", None)
        if methods:
            routing["readonly"] = lambda _mount, _rule, _args: (
                request.httprequest.method in methods
            )
        return routing
