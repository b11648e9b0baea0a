# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The figures of a database as metrics of Prometheus.

All come from the database, so it does not matter which worker of which host responds.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.registry import Collector

from odoo.tools import SQL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from prometheus_client.metrics_core import Metric

    from odoo.api import Environment

__all__ = ["MetricsCollector", "make_metrics_app"]

#: Calls and seconds by class of durations. Grouped by the path, because an archived
#: endpoint may have that of another one, and Prometheus refuses two samples with the
#: same labels. All paths that no route matches have one label.
_READ_TOTALS = SQL(
    """
    SELECT endpoint.root_path, total.method,
           coalesce(nullif(total.route, ''), 'unknown'), total.status, total.bound,
           sum(total.calls), sum(total.duration_sum) / 1000
      FROM fastapi_request_total AS total
      JOIN fastapi_endpoint AS endpoint ON endpoint.id = total.endpoint_id
     GROUP BY 1, 2, 3, 4, 5
     ORDER BY 1, 2, 3, 4, 5
    """
)


class MetricsCollector(Collector):
    """Reads the metrics of a database when they are asked for.

    :param env: environment of the superuser
    :param bounds: upper bounds of durations in milliseconds, ascending
    """

    def __init__(self, env: Environment, bounds: Iterable[int]) -> None:
        self._env = env
        self._bounds = tuple(bounds)

    def describe(self) -> Iterable[Metric]:
        """Return nothing: the registry need not read all metrics for their names."""
        return ()

    def collect(self) -> Iterator[Metric]:
        yield from self._collect_requests()
        yield self._collect_states()
        yield self._collect_lost()

    def _collect_requests(self) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "odoo_fastapi_requests",
            "Requests by route and status of the response.",
            labels=("endpoint", "method", "route", "status"),
        )
        durations = HistogramMetricFamily(
            "odoo_fastapi_request_duration_seconds",
            "Seconds from the start of a request to the end of its response.",
            labels=("endpoint", "method", "route"),
        )
        rows = self._env.execute_query(_READ_TOTALS)
        for labels, found in groupby(rows, lambda row: row[:3]):
            statuses: dict[int, float] = {}
            classes: dict[int, float] = {}
            seconds = 0.0
            for *_labels, status, bound, calls, duration in found:
                statuses[status] = statuses.get(status, 0) + calls
                classes[bound] = classes.get(bound, 0) + calls
                seconds += duration
            for status, calls in statuses.items():
                requests.add_metric((*labels, str(status)), calls)
            durations.add_metric(labels, self._accumulate(classes), seconds)
        yield requests
        yield durations

    def _accumulate(self, classes: dict[int, float]) -> list[tuple[str, float]]:
        """Return the buckets of a histogram: each counts the shorter calls, too."""
        count = 0.0
        buckets = []
        for bound in self._bounds:
            count += classes.get(bound, 0)
            buckets.append((str(bound / 1000), count))
        return [*buckets, ("+Inf", sum(classes.values()))]

    def _collect_states(self) -> Metric:
        states = GaugeMetricFamily(
            "odoo_fastapi_endpoint_state",
            "1 for the state that an active endpoint is in, 0 for the others.",
            labels=("endpoint", "state"),
        )
        endpoints = self._env["fastapi.endpoint"].search([("active", "=", True)])
        known = endpoints._fields["state"].get_values(self._env)
        for endpoint in endpoints:
            for state in known:
                if state != "archived":
                    labels = (endpoint.root_path, state)
                    states.add_metric(labels, endpoint.state == state)
        return states

    def _collect_lost(self) -> Metric:
        query = SQL("SELECT coalesce(sum(calls), 0) FROM fastapi_request_loss")
        ((calls,),) = self._env.execute_query(query)
        return CounterMetricFamily(
            "odoo_fastapi_log_lost",
            "Calls that were neither counted nor logged.",
            value=calls,
        )


def make_metrics_app(collector: Collector) -> Callable[..., Any]:
    """Return a WSGI app that shows metrics in the format that the client asks for."""
    registry = CollectorRegistry()
    registry.register(collector)
    return make_wsgi_app(registry)
