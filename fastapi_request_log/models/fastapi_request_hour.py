# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``fastapi.request.hour``: how many calls in an hour, how slow, how many failed."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import babel.dates

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.misc import get_lang
from odoo.tools.translate import LazyTranslate

from odoo.addons.fastapi.system_parameters import get_number

from ..histogram import COUNT, bucket_of, value_of
from .fastapi_endpoint_usage import UNUSED_DAYS

if TYPE_CHECKING:
    from odoo.tools import Query

    from ..calls import Call

_lt = LazyTranslate(__name__)

#: Days for which the counts are kept, unless the system parameter says otherwise.
DEFAULT_DAYS = 400
DAYS_PARAM = "fastapi_request_log.hour_days"
#: Most days; a date before the year 1 can't be stored.
MAX_DAYS = 36_500
#: Rows that one statement of the clean-up deletes.
GC_ROWS = 10_000
#: Columns of the buckets, not fields: they are only read together, in SQL.
BUCKETS = [f"bucket_{number}" for number in range(COUNT)]
#: Fields that tell who called.
CALLER = ("user_id", "partner_id", "key_id")
#: Share of the calls that took at most as long as the percentile, by field.
PERCENTILES = {"p50": 0.5, "p95": 0.95}


class FastapiRequestHour(models.Model):
    """Calls of one route by one caller in one hour.

    All calls of an endpoint whose log is not off are counted, also those that the log
    has no row for.
    """

    _name = "fastapi.request.hour"
    _description = "FastAPI Calls by Hour"
    _log_access = False
    _order = "hour desc, id desc"
    _rec_name = "route"
    _allow_sudo_commands = False

    hour = fields.Datetime(required=True, readonly=True, help="When the hour began.")
    hour_of_day = fields.Integer(
        string="Hour of the Day",
        compute="_compute_hour_of_day",
        search="_search_hour_of_day",
        aggregator=None,
        help="In your time zone.",
    )
    endpoint_id = fields.Many2one(
        comodel_name="fastapi.endpoint",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    method = fields.Char(required=True, readonly=True)
    route = fields.Char(
        required=True,
        readonly=True,
        help="Path of the route, with its parameters in braces. Empty for calls that "
        "no route matches.",
        # Odoo would not export the term otherwise
        falsy_value_label=_lt("No Route"),  # pylint: disable=translation-field
    )
    # What deletes a user must neither delete counts nor make two rows the same.
    caller = fields.Char(
        string="Caller's Ids",
        required=True,
        readonly=True,
        help="Ids of user, partner and key. They stay when these are deleted.",
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    key_id = fields.Many2one(
        comodel_name="fastapi.endpoint.key",
        string="API Key",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    calls = fields.Integer(required=True, readonly=True)
    client_errors = fields.Integer(
        required=True, readonly=True, help="Responses with a status of 400 to 499."
    )
    server_errors = fields.Integer(
        required=True, readonly=True, help="Responses with a status of 500 or more."
    )
    errors = fields.Integer(
        compute="_compute_errors", help="Responses with a status of 400 or more."
    )
    duration_sum = fields.Float(
        string="Total Duration (ms)",
        required=True,
        readonly=True,
        help="How long all calls together took, in milliseconds.",
    )
    duration_mean = fields.Float(
        string="Mean (ms)",
        compute="_compute_duration_mean",
        aggregator="avg",
        digits=(16, 1),
        help="How long a call took on average, in milliseconds.",
    )
    p50 = fields.Float(
        string="p50 (ms)",
        compute="_compute_percentiles",
        aggregator="avg",
        digits=(16, 1),
        help="Half of the calls took this long or less, in milliseconds. The value is "
        "at most 10 % off.",
    )
    p95 = fields.Float(
        string="p95 (ms)",
        compute="_compute_percentiles",
        aggregator="avg",
        digits=(16, 1),
        help="95 % of the calls took this long or less, in milliseconds. The value is "
        "at most 10 % off.",
    )

    _combination_unique = models.UniqueIndex(
        "(endpoint_id, hour, method, route, caller)", "An hour is counted once."
    )
    # for the views, which start with a period, and the clean-up
    _hour_index = models.Index("(hour)")

    def init(self):
        columns = (
            SQL("ADD COLUMN IF NOT EXISTS %s integer", SQL.identifier(name))
            for name in BUCKETS
        )
        table = SQL.identifier(self._table)
        self.env.cr.execute(SQL("ALTER TABLE %s %s", table, SQL(", ").join(columns)))

    @api.depends("hour")
    @api.depends_context("tz", "uid")
    def _compute_hour_of_day(self):
        for row in self:
            row.hour_of_day = fields.Datetime.context_timestamp(self, row.hour).hour

    @api.model
    def _search_hour_of_day(self, operator, value):
        return [("hour.hour_number", operator, value)]

    @api.depends("client_errors", "server_errors")
    def _compute_errors(self):
        for row in self:
            row.errors = row.client_errors + row.server_errors

    @api.depends("duration_sum", "calls")
    def _compute_duration_mean(self):
        for row in self:
            row.duration_mean = row.calls and row.duration_sum / row.calls

    @api.depends("calls")
    def _compute_percentiles(self):
        specs = [f"{name}:avg" for name in PERCENTILES]
        # sudo: the rows are readable, or nothing would ask for their percentiles
        groups = self.sudo()._read_group([("id", "in", self.ids)], ["id"], specs)
        found = {row.id: values for row, *values in groups}
        for row in self:
            row.p50, row.p95 = found.get(row.id, (0.0, 0.0))

    # Aggregates: in grouped lists, pivot and graph

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        """Take percentiles and means of all calls of a group, not of its rows."""
        name, _colon, function = aggregate_spec.partition(":")
        if name in PERCENTILES and function == "avg":
            return self._get_percentile_sql(PERCENTILES[name])
        if aggregate_spec == "duration_mean:avg":
            return SQL(
                "SUM(%s) / NULLIF(SUM(%s), 0)",
                self._field_to_sql(self._table, "duration_sum", query),
                self._field_to_sql(self._table, "calls", query),
            )
        if aggregate_spec == "errors:sum":
            return SQL(
                "SUM(%s + %s)",
                self._field_to_sql(self._table, "client_errors", query),
                self._field_to_sql(self._table, "server_errors", query),
            )
        return super()._read_group_select(aggregate_spec, query)

    def _read_group_groupby(self, alias: str, groupby_spec: str, query: Query) -> SQL:
        # the web client groups by no smaller part of a time than the day
        if groupby_spec == "hour_of_day":
            groupby_spec = "hour:hour_number"
        return super()._read_group_groupby(alias, groupby_spec, query)

    def _web_read_group_groupby_formatter(self, groupby_spec, values):
        formatter = super()._web_read_group_groupby_formatter(groupby_spec, values)
        if groupby_spec == "route":
            # an empty text would be an empty label
            return lambda value: (value or False, formatter(value)[1])
        if groupby_spec != "hour:hour":
            return formatter
        locale = get_lang(self.env).code

        def format_hour(value):
            # Odoo's label has 12 hours and no AM or PM: the graph made one of two
            (start, _label), domain = formatter(value)
            label = babel.dates.format_datetime(value, "d MMM HH:mm", locale=locale)
            return (start, label), domain

        return format_hour

    def _get_percentile_sql(self, share: float) -> SQL:
        """Return the percentile of a group: that of the smallest sufficient bucket."""
        sums = (SQL("SUM(%s)", SQL.identifier(self._table, name)) for name in BUCKETS)
        return SQL(
            """(
                SELECT duration
                  FROM (
                    SELECT duration,
                           SUM(calls) OVER (ORDER BY duration) AS faster,
                           SUM(calls) OVER () AS total
                      FROM unnest(ARRAY[%(sums)s], %(durations)s::float8[])
                           AS buckets (calls, duration)
                  ) AS totals
                 WHERE faster >= total * %(share)s
                 ORDER BY duration
                 LIMIT 1
            )""",
            durations=[value_of(bucket) for bucket in range(COUNT)],
            sums=SQL(", ").join(sums),
            share=share,
        )

    # Counting

    @api.model
    def _count(self, calls: Iterable[Call]) -> None:
        """Add calls to the counts of their hours.

        This takes one statement, whatever the number of calls. Processes that count at
        the same time wait for each other, and always in the same order. So that none of
        them fails with a conflict, the transaction has to be ``READ COMMITTED``.
        """
        # what tells the row of a call from others, and the status
        groups: defaultdict[tuple[Any, ...], list[float]] = defaultdict(list)
        for call in calls:
            key = (
                call.endpoint_id,
                call.date.replace(minute=0, second=0, microsecond=0),
                call.method,
                call.route,
                call.user_id,
                call.partner_id,
                call.key_id,
                call.status,
            )
            groups[key].append(call.duration)
        rows: dict[tuple[Any, ...], dict[str, Any]] = {}
        for (*key, status), durations in groups.items():
            row = rows.get(tuple(key))
            if row is None:
                row = rows[tuple(key)] = _prepare_row(*key)
            row["calls"] += len(durations)
            row["client_errors"] += len(durations) if 400 <= status < 500 else 0
            row["server_errors"] += len(durations) if status >= 500 else 0
            row["duration_sum"] += sum(durations)
            row["buckets"].update(map(bucket_of, durations))
        if not rows:
            return
        found: set[int] = set()
        for row in rows.values():
            buckets = row.pop("buckets")
            found.update(buckets)
            row.update((BUCKETS[number], count) for number, count in buckets.items())
        names = [BUCKETS[number] for number in sorted(found)]
        values = json.dumps(list(rows.values()))
        self.env.cr.execute(_make_upsert(names), [values], log_exceptions=False)
        self.invalidate_model(flush=False)

    @api.autovacuum
    def _gc_hours(self):
        days = get_number(self.env, DAYS_PARAM, DEFAULT_DAYS)
        days = min(max(days, UNUSED_DAYS + 1), MAX_DAYS)
        old = Domain("hour", "<", fields.Datetime.now() - timedelta(days=days))
        rows = self.sudo().search(old, order="hour", limit=GC_ROWS)
        rows.unlink()
        return len(rows), len(rows) == GC_ROWS


def _prepare_row(
    endpoint_id: int,
    hour: datetime,
    method: str,
    route: str,
    user_id: int | None,
    partner_id: int | None,
    key_id: int | None,
) -> dict[str, Any]:
    """Return a row without calls."""
    return {
        "endpoint_id": endpoint_id,
        "hour": hour.isoformat(),
        "method": method,
        "route": route,
        "caller": f"{user_id or ''}/{partner_id or ''}/{key_id or ''}",
        "user_id": user_id,
        "partner_id": partner_id,
        "key_id": key_id,
        "calls": 0,
        "client_errors": 0,
        "server_errors": 0,
        "duration_sum": 0.0,
        "buckets": Counter(),
    }


def _make_upsert(buckets: Iterable[str]) -> str:
    """Return the statement that adds counts; its parameter is a list in JSON.

    A row that exists keeps its id, so that adding to it takes none from the sequence:
    at some batches a second, these would come to an end within years.

    :param buckets: columns of the buckets that are counted
    """
    keys = {
        "endpoint_id": "integer",
        "hour": "timestamp",
        "method": "varchar",
        "route": "varchar",
        "caller": "varchar",
    }
    counts = {
        "calls": "integer",
        "client_errors": "integer",
        "server_errors": "integer",
        "duration_sum": "float8",
        **dict.fromkeys(buckets, "integer"),
    }
    types = {**keys, **dict.fromkeys(CALLER, "integer"), **counts}
    same = " AND ".join(f"seen.{name} = new.{name}" for name in keys)
    sums = ", ".join(
        # empty buckets stay NULL, and take no space
        f"{name} = COALESCE(kept.{name} + EXCLUDED.{name}, "
        f"kept.{name}, EXCLUDED.{name})"
        for name in counts
    )
    return f"""
        INSERT INTO fastapi_request_hour AS kept (id, {", ".join(types)})
        SELECT COALESCE(seen.id, nextval('fastapi_request_hour_id_seq')),
               {", ".join(f"new.{name}" for name in types)}
          FROM jsonb_to_recordset(%s) AS new ({
        ", ".join(f"{name} {kind}" for name, kind in types.items())
    })
          LEFT JOIN fastapi_request_hour AS seen ON {same}
         ORDER BY {", ".join(f"new.{name}" for name in keys)}
        ON CONFLICT ({", ".join(keys)}) DO UPDATE SET {sums}
    """
