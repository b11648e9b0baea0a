# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``fastapi.rate.refusal``: the callers that a rate has refused lately."""

import time

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.fastapi.follow_up import run_afterwards

from ..rates.counters import Hit
from ..rates.limiter import get_counter
from ..rates.rate import parse_rates
from .fastapi_endpoint import ALL_ROUTES

#: Seconds for which a process does not record the same refusal again.
INTERVAL = 5
#: Days after which a refusal is forgotten.
DAYS = 7
#: Refusals that a process remembers, in order not to record them again.
MAX_RECENT = 10_000

#: When this process has recorded a refusal, by database and key.
_recent: dict[tuple[str, str], float] = {}


class FastapiRateRefusal(models.Model):
    _name = "fastapi.rate.refusal"
    _description = "Refused Caller"
    _order = "date desc, id desc"
    _log_access = False
    _rec_name = "subject"

    key = fields.Char(required=True, readonly=True)
    endpoint_id = fields.Many2one(
        comodel_name="fastapi.endpoint", required=True, ondelete="cascade", index=True
    )
    place = fields.Char(required=True)
    place_name = fields.Char(
        string="Limit",
        compute="_compute_place_name",
        search="_search_place_name",
        help="Route or name of the limit.",
    )
    rate = fields.Char(required=True)
    counted_by = fields.Selection(
        selection=[("caller", "Caller"), ("key", "API Key"), ("address", "Address")],
        required=True,
    )
    user_id = fields.Many2one(comodel_name="res.users", ondelete="cascade")
    partner_id = fields.Many2one(comodel_name="res.partner", ondelete="cascade")
    key_id = fields.Many2one(
        comodel_name="fastapi.endpoint.key", string="API Key", ondelete="cascade"
    )
    subject = fields.Char(string="Caller", compute="_compute_subject")
    date = fields.Datetime(
        string="Last Refused", required=True, help="When a request was last refused."
    )
    until = fields.Datetime(
        string="Refused Until",
        required=True,
        help="When the next request is allowed.",
    )
    is_refused = fields.Boolean(
        string="Refused Now",
        compute="_compute_is_refused",
        search="_search_is_refused",
    )

    _key_unique = models.Constraint("UNIQUE (key)", "A refusal is recorded once.")

    @api.depends("counted_by", "user_id", "partner_id", "key_id")
    def _compute_subject(self):
        for refusal in self.sudo():
            key = refusal.counted_by == "key" and refusal.key_id
            caller = refusal.counted_by != "address" and (
                refusal.user_id or refusal.partner_id
            )
            refusal.subject = (key or caller or refusal.browse()).display_name or (
                self.env._("A client without credentials")
                if refusal.counted_by != "address"
                else self.env._("An address")
            )

    @api.depends("place")
    @api.depends_context("lang")
    def _compute_place_name(self):
        for refusal in self:
            is_all = refusal.place == ALL_ROUTES
            refusal.place_name = self.env._("All routes") if is_all else refusal.place

    @api.model
    def _search_place_name(self, operator, value):
        return Domain("place", operator, value)

    @api.depends("until")
    def _compute_is_refused(self):
        now = fields.Datetime.now()
        for refusal in self:
            refusal.is_refused = refusal.until > now

    @api.model
    def _search_is_refused(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("until", ">", fields.Datetime.now())

    def action_reset(self):
        """Forget what is counted for these callers, so that they may call again."""
        self.check_access("unlink")
        counter = get_counter(self.env)
        for refusal in self:
            (rate,) = parse_rates(refusal.rate, refusal.counted_by)
            try:
                counter.clear(Hit(refusal.key, rate))
            except Exception as err:
                raise UserError(
                    self.env._(
                        "The requests of %(caller)s can't be reset, because "
                        "%(storage)s fails: %(error)s",
                        caller=refusal.subject,
                        storage=counter.name,
                        error=err,
                    )
                ) from err
            _recent.pop((self.env.cr.dbname, refusal.key), None)
        return self.unlink()

    @api.model
    def _record_later(self, key, seconds, **vals):
        """Record a refusal after the transaction of the request.

        If that fails, it is only logged.

        :param key: what the rate has counted
        :param seconds: time until the next request is allowed
        """
        recent = self.env.cr.dbname, key
        now = time.monotonic()
        if _recent.get(recent, -INTERVAL) > now - INTERVAL:
            return
        if len(_recent) >= MAX_RECENT:
            _recent.clear()
        _recent[recent] = now
        run_afterwards(
            self.env,
            lambda env: env["fastapi.rate.refusal"]._record(key, seconds, vals),
            "A refused request is not recorded",
            lock_timeout="1s",
        )

    @api.model
    def _record(self, key, seconds, vals):
        """Create the refusal of a key, or update its dates.

        :param key: what the rate has counted
        :param seconds: time until the next request is allowed
        """
        names = SQL(", ").join(map(SQL.identifier, vals))
        now = SQL("clock_timestamp() AT TIME ZONE 'UTC'")
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO fastapi_rate_refusal (key, date, until, %(names)s)
                VALUES (
                    %(key)s, %(now)s, %(now)s + %(seconds)s * interval '1 second',
                    %(values)s
                )
                ON CONFLICT (key) DO UPDATE SET
                    date = excluded.date, until = excluded.until
                """,
                key=key,
                seconds=seconds,
                names=names,
                values=SQL(", ").join(SQL("%s", value) for value in vals.values()),
                now=now,
            ),
            log_exceptions=False,
        )

    @api.autovacuum
    def _gc_refusals(self):
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=DAYS)
        self.search([("date", "<", limit)]).unlink()
