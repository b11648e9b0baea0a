# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the counted calls tell of an endpoint: today's calls, failing, unused."""

from datetime import datetime, time, timedelta, timezone
from typing import Any

from odoo import api, fields, models
from odoo.tools import SQL

# The help of the status in the list of endpoints has these numbers, too.
#: An endpoint is failing if this share of its calls ended with a 5xx.
FAILING_SHARE = 0.05
#: Fewer calls tell nothing: one failure of two is chance.
FAILING_CALLS = 20
#: Days without a call after which an endpoint is unused.
UNUSED_DAYS = 30


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"  # pylint: disable=consider-merging-classes-inherited

    state = fields.Selection(
        selection_add=[
            ("live",),
            ("failing", "Failing"),
            ("unused", "Unused"),
            ("broken",),
        ],
    )
    request_log_since = fields.Datetime(
        string="Calls Counted Since",
        compute="_compute_request_log_since",
        store=True,
        copy=False,
        help="When the request log was switched on.",
    )
    calls_today = fields.Integer(
        compute="_compute_calls_today",
        compute_sudo=True,
        groups="fastapi.group_fastapi_manager",
        help="Calls since midnight.",
    )
    errors_today = fields.Integer(
        compute="_compute_calls_today",
        compute_sudo=True,
        groups="fastapi.group_fastapi_manager",
        help="Calls since midnight with a status of 400 or more.",
    )
    failing_text = fields.Char(
        string="What fails",
        compute="_compute_state",
        compute_sudo=True,
        groups="fastapi.group_fastapi_manager",
    )

    @api.depends("request_log")
    def _compute_request_log_since(self):
        now = fields.Datetime.now()
        for endpoint in self:
            is_on = endpoint.request_log and endpoint.request_log != "off"
            since = endpoint.request_log_since or now
            endpoint.request_log_since = is_on and since

    @api.depends("request_log", "request_log_since")
    def _compute_state(self):
        """Tell apart what is served: live, failing or unused."""
        result = super()._compute_state()
        self.failing_text = False
        served = self.filtered(lambda endpoint: endpoint.state == "live")
        counted = served.filtered("request_log_since")
        usage = counted._read_usage() if counted else {}
        long_ago = fields.Datetime.now() - timedelta(days=UNUSED_DAYS)
        for endpoint in counted:
            calls, failed, last = usage[endpoint.id]
            if calls >= FAILING_CALLS and failed >= calls * FAILING_SHARE:
                endpoint.state = "failing"
                endpoint.failing_text = self.env._(
                    "%(failed)s of %(calls)s calls in this hour and the one before "
                    "ended with a server error.",
                    failed=failed,
                    calls=calls,
                )
            elif max(last or long_ago, endpoint.request_log_since) <= long_ago:
                endpoint.state = "unused"
        return result

    def _read_usage(self) -> dict[int, tuple[int, int, datetime | None]]:
        """Return what the calls of these endpoints tell, in one query.

        :return: by id: number of calls in this hour and the one before, number of
            those that ended with a 5xx, hour of the last call
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT endpoint.id, recent.calls, recent.failed, (
                           -- In the order of the unique index. EXISTS and max(hour)
                           -- would read all rows of others if there is none.
                           SELECT hour FROM fastapi_request_hour AS used
                            WHERE used.endpoint_id = endpoint.id
                         ORDER BY hour DESC, method DESC, route DESC, caller DESC
                            LIMIT 1
                       )
                  FROM unnest(%(ids)s) AS endpoint (id), LATERAL (
                           SELECT COALESCE(SUM(calls), 0) AS calls,
                                  COALESCE(SUM(server_errors), 0) AS failed
                             FROM fastapi_request_hour AS hourly
                            WHERE hourly.endpoint_id = endpoint.id
                              AND hourly.hour >= %(recently)s
                       ) AS recent
                """,
                recently=_get_recent_hour(),
                ids=self.ids,
            )
        )
        return {number: tuple(values) for number, *values in rows}

    @api.depends_context("tz", "uid")
    def _compute_calls_today(self):
        hours = self.env["fastapi.request.hour"]
        groups = hours._read_group(
            [("endpoint_id", "in", self.ids), ("hour", ">=", self._get_midnight())],
            ["endpoint_id"],
            ["calls:sum", "errors:sum"],
        )
        found = {endpoint.id: sums for endpoint, *sums in groups}
        for endpoint in self:
            sums = found.get(endpoint.id, (0, 0))
            endpoint.calls_today, endpoint.errors_today = sums

    @api.model
    def _get_midnight(self) -> datetime:
        """Return the hour in which the user's day has begun, in UTC."""
        today = fields.Datetime.context_timestamp(self, fields.Datetime.now())
        midnight = self.env.tz.localize(datetime.combine(today, time.min))
        # some time zones start their days within an hour
        return _hour_of(midnight.astimezone(timezone.utc).replace(tzinfo=None))

    def action_open_calls_today(self):
        """List the stored calls of today."""
        return self._open_calls("fastapi_request_log_act_window", "today")

    def action_open_errors_today(self):
        """List the stored calls of today that failed."""
        return self._open_calls("fastapi_request_log_act_window", "today", "failed")

    def action_open_server_errors(self):
        """List the stored calls whose server errors make this endpoint failing."""
        action = self._open_calls("fastapi_request_log_act_window", "server_errors")
        action["domain"].append(("date", ">=", _get_recent_hour()))
        return action

    def action_open_usage(self):
        """Show the counted calls."""
        return self._open_calls("fastapi_request_hour_act_window", "last_week")

    def _open_calls(self, action: str, *filters: str) -> dict[str, Any]:
        """Return an action of this addon for one endpoint, with filters chosen."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            f"fastapi_request_log.{action}"
        )
        return {
            **action,
            "display_name": f"{action['name']}: {self.name}",
            "domain": [("endpoint_id", "=", self.id)],
            "context": {f"search_default_{name}": True for name in filters},
        }


def _get_recent_hour() -> datetime:
    """Return the first hour whose calls tell whether an endpoint is failing."""
    return _hour_of(fields.Datetime.now()) - timedelta(hours=1)


def _hour_of(date: datetime) -> datetime:
    return date.replace(minute=0, second=0, microsecond=0)
