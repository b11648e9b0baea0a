# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``fastapi.request.total``: the counters that ``/metrics`` shows.

They are in the database, so that each worker of each host shows the figures of all.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import TYPE_CHECKING

from odoo import api, fields, models
from odoo.tools import SQL

if TYPE_CHECKING:
    from ..calls import Call

#: Upper bounds of the classes of durations, in milliseconds. OpenTelemetry recommends
#: them for ``http.server.request.duration``, and FastAPI's own metrics have them.
BOUNDS = (5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000)
#: The class of all longer durations.
NO_BOUND = 0


class FastapiRequestTotal(models.Model):
    """Requests of a route with the same status and a similar duration."""

    _name = "fastapi.request.total"
    _description = "Requests of a Route, for Prometheus"
    _log_access = False
    _rec_name = "route"

    endpoint_id = fields.Many2one(
        comodel_name="fastapi.endpoint", required=True, ondelete="cascade"
    )
    method = fields.Char(required=True)
    route = fields.Char(required=True)
    status = fields.Integer(required=True)
    bound = fields.Integer(
        required=True,
        help="Upper limit of the duration, in milliseconds. 0: more than 10,000.",
    )
    # an Integer of Odoo ends at two billions
    calls = fields.Float(required=True)
    duration_sum = fields.Float(
        required=True, help="Duration of all calls together, in milliseconds."
    )

    _key_unique = models.Constraint(
        "UNIQUE (endpoint_id, method, route, status, bound)",
        "There is one counter for each class of durations.",
    )

    @api.model
    def _count(self, calls: Iterable[Call]) -> None:
        """Count calls, in the transaction that writes them to the log.

        Processes that count at the same time wait for each other, and always in the
        same order. The transaction has to be ``READ COMMITTED``, so that none of them
        fails with a conflict.
        """
        counts: dict[tuple[int, str, str, int, int], tuple[int, float]] = {}
        for call in calls:
            index = bisect_left(BOUNDS, call.duration)
            bound = BOUNDS[index] if index < len(BOUNDS) else NO_BOUND
            key = (call.endpoint_id, call.method, call.route, call.status, bound)
            number, duration = counts.get(key, (0, 0.0))
            counts[key] = number + 1, duration + call.duration
        if not counts:
            return
        rows = [SQL("%s", (*key, *values)) for key, values in counts.items()]
        # A counter keeps its id. Else each batch would take new ones from the sequence,
        # which would come to its end within years.
        query = SQL(
            """
            INSERT INTO fastapi_request_total AS known
                (id, endpoint_id, method, route, status, bound, calls, duration_sum)
            SELECT coalesce(seen.id, nextval('fastapi_request_total_id_seq')), new.*
              FROM (VALUES %s) AS new
                   (endpoint_id, method, route, status, bound, calls, duration_sum)
         LEFT JOIN fastapi_request_total AS seen
             USING (endpoint_id, method, route, status, bound)
             ORDER BY endpoint_id, method, route, status, bound
            ON CONFLICT (endpoint_id, method, route, status, bound) DO UPDATE SET
                calls = known.calls + EXCLUDED.calls,
                duration_sum = known.duration_sum + EXCLUDED.duration_sum
            """,
            SQL(", ").join(rows),
        )
        self.env.cr.execute(query, log_exceptions=False)
