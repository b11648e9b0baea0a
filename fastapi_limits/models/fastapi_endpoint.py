# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Rates of an endpoint: its fields, and the hooks of rates."""

from typing import Any

from fastapi import Depends
from starlette.middleware import Middleware

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.fastapi.app.prepare import prepare_app
from odoo.addons.fastapi.auth import Caller

from ..rates.headers import RateLimitHeaders
from ..rates.limit import (
    AddressLimit,
    CallerLimit,
    has_no_callers,
    make_limit,
    merge_limits,
)
from ..rates.rate import Rate, parse_rates

#: Fields with rates, and what they count.
RATE_FIELDS = {
    "rate_by_caller": "caller",
    "rate_by_key": "key",
    "rate_by_address": "address",
}
#: What the rates of an endpoint count together; the name of their place.
ALL_ROUTES = "All routes"


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

    rate_by_caller = fields.Char(
        string="By Caller",
        help="How often a user or partner may call, such as 100/minute. Several rates "
        "are separated by semicolons: 10/second; 1000/day. Anonymous clients count by "
        "their address.",
    )
    rate_by_key = fields.Char(
        string="By API Key",
        help="How often an API key may call, such as 100/minute. Callers without "
        "a key count as in By Caller.",
    )
    rate_by_address = fields.Char(
        string="By Address",
        help="How often an address may call, such as 600/minute. Requests are counted "
        "before clients are authenticated, so wrong credentials count, too. The "
        "addresses of an IPv6 network (/64) count together.",
    )
    # without the groups, others could not read the other fields of an endpoint
    rate_refusal_count = fields.Integer(
        string="Refused Callers",
        compute="_compute_rate_refusal_count",
        groups="fastapi.group_fastapi_user",
    )

    def _compute_rate_refusal_count(self):
        counts = dict(
            self.env["fastapi.rate.refusal"]._read_group(
                [("endpoint_id", "in", self.ids), ("is_refused", "=", True)],
                ["endpoint_id"],
                ["__count"],
            )
        )
        for endpoint in self:
            endpoint.rate_refusal_count = counts.get(endpoint, 0)

    @api.constrains(*RATE_FIELDS)
    def _check_rates(self):
        for endpoint in self:
            for name, by in RATE_FIELDS.items():
                value = endpoint[name]
                try:
                    _parse(value, by)
                except ValueError as err:
                    raise ValidationError(
                        self.env._(
                            "%(field)s can't be %(value)s: write a number of requests "
                            "and a time, such as 100/minute or 1000 per 2 hours. "
                            "Several are separated by semicolons. The times are "
                            "second, minute, hour, day, month and year; the longest "
                            "one is a year, the largest number 1000000000.",
                            field=self._fields[name]._description_string(self.env),
                            value=repr(value),
                        )
                    ) from err

    @api.model
    def _fastapi_app_fields(self) -> list[str]:
        return [*super()._fastapi_app_fields(), *RATE_FIELDS]

    def _get_app(self):
        app = super()._get_app()
        # the outermost one: responses of all others have the headers
        app.user_middleware.insert(0, Middleware(RateLimitHeaders))
        limits = self._get_rate_limits()
        if len(limits) > 1 and has_no_callers(app):
            # one statement of PostgreSQL: there is no authentication between them
            merged = merge_limits(limits, ALL_ROUTES)
            app.dependency_overrides.update(dict.fromkeys(limits, merged))
        return app

    def _check_app(self, app):
        limits = self._get_rate_limits()
        overrides = app.dependency_overrides
        if not has_no_callers(app) and not overrides.keys().isdisjoint(limits):
            # another addon identifies callers in an app that is already built
            for limit in limits:
                overrides.pop(limit, None)
            prepare_app(app)
        return super()._check_app(app)

    def _get_fastapi_app_dependencies(self) -> list[Any]:
        return [
            *self._get_rate_dependencies(),
            *super()._get_fastapi_app_dependencies(),
        ]

    def _get_rate_dependencies(self) -> list[Any]:
        """Return the dependencies that limit the rates of the endpoint.

        They come before all others.
        """
        return [Depends(limit) for limit in self._get_rate_limits()]

    def _get_rate_limits(self) -> list[AddressLimit | CallerLimit]:
        """Return the limits: addresses first, then callers and keys together."""
        rates = [
            rate for name, by in RATE_FIELDS.items() for rate in _parse(self[name], by)
        ]
        rates.sort(key=lambda rate: rate.seconds)
        addresses = tuple(rate for rate in rates if rate.by == "address")
        callers = tuple(rate for rate in rates if rate.by != "address")
        return [
            make_limit(group, place=ALL_ROUTES)
            for group in (addresses, callers)
            if group
        ]

    @api.model
    def _get_rate_subject(self, by: str, caller: Caller | None, address: str) -> str:
        """Return what a rate counts together: the requests of the same subject.

        An override may count differently, for example all users of a company. ``self``
        is the endpoint that is called.

        :param by: ``caller``, ``key`` or ``address``
        :param caller: who calls, None for an anonymous client
        :param address: address of the client; its network, for IPv6
        """
        if caller is None or by == "address":
            return f"address {address}"
        if by == "key" and caller.key_id is not None:
            return f"key {caller.key_id}"
        if caller.user_id is not None:
            return f"user {caller.user_id}"
        return f"partner {caller.partner_id}"

    @api.model
    def _rate_exceeded(
        self, rate: Rate, key: str, place: str, caller: Caller | None, seconds: int
    ) -> None:
        """Do something because a rate has refused a request.

        The transaction of the request is rolled back afterwards. By default, the
        refusal is recorded after that. ``self`` is the endpoint that is called.

        :param rate: the rate
        :param key: what the rate has counted
        :param place: route or name of the limit; :data:`ALL_ROUTES` for a rate of the
            endpoint
        :param caller: who calls, None for an anonymous client
        :param seconds: time until the next request is allowed
        """
        if self.id:
            self.env["fastapi.rate.refusal"]._record_later(
                key,
                seconds,
                endpoint_id=self.id,
                place=place,
                rate=str(rate),
                counted_by=rate.by,
                user_id=caller and caller.user_id,
                partner_id=caller and caller.partner_id,
                key_id=caller and caller.key_id,
            )

    def action_open_rate_refusals(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "fastapi_limits.fastapi_rate_refusal_act_window"
        )
        return {
            **action,
            "domain": [("endpoint_id", "=", self.id)],
            "context": {"search_default_refused": 1},
        }


def _parse(text: str | bool, by: str) -> tuple[Rate, ...]:
    return parse_rates(text, by) if text and text.strip() else ()
