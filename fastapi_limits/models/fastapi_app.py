# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Rates of an app: the values of its new endpoints."""

from odoo import api, models

from odoo.addons.fastapi.app.prepare import copy_app


class FastapiApp(models.AbstractModel):
    _inherit = "fastapi.app"

    # Rates of new endpoints, such as "10/second; 1000/day"

    _rate_by_caller: str | None = None
    _rate_by_key: str | None = None
    _rate_by_address: str | None = None

    def _get_app(self):
        if self._app is not None:
            # such an app ignores the dependencies of its endpoint
            dependencies = [
                *self.endpoint._get_rate_dependencies(),
                *self.endpoint._get_key_dependencies(),
            ]
            return copy_app(self._app, dependencies)
        return super()._get_app()

    @api.model
    def _get_endpoint_defaults(self):
        defaults = super()._get_endpoint_defaults()
        if self._name == "fastapi.app":
            return defaults
        rates = {
            "rate_by_caller": self._rate_by_caller,
            "rate_by_key": self._rate_by_key,
            "rate_by_address": self._rate_by_address,
        }
        return {**defaults, **{name: rate for name, rate in rates.items() if rate}}
