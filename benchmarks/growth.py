# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How a cost grows with the work: with routes, endpoints, bytes, items or clients.

A cost is taken as ``constant + factor * work ** exponent``. The constant is the lowest
cost of the smaller half of the sizes. The exponent is the slope of a line through the
larger half, by least squares, in logarithms: of the sizes less the smallest one, and of
the costs less the constant, which would hide the growth. A cost that grows by less than
half of the constant is flat.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import apps
import psycopg2
from endpoints import create_endpoints
from load import Request, run_for, run_list
from server import MODES, MemoryWatch, Server
from works import LINES

FLAT = 0.5  # growth beside the constant
MAX_EXPONENT = 1.1  # above it, a cost counts as more than linear
REQUESTS = 100  # for a median
LARGE = 10**6  # bytes of a request, or items of a response times 100
SECONDS = 2  # of load, for each number of clients
_MEGABYTE = 10**6  # bytes


@dataclass(frozen=True)
class Series:
    """One cost for several sizes.

    :param work: what the sizes are
    :param cost: what was measured, with its unit
    :param points: size and cost, from small to large
    """

    work: str
    cost: str
    points: list[tuple[int, float]]


def fit(points: Sequence[tuple[int, float]]) -> float:
    """Return the exponent of the growth, 0 if the cost is flat.

    :param points: size and cost, from small to large
    """
    half = len(points) // 2
    smallest = points[0][0]
    constant = min(cost for _size, cost in points[: max(half, 1)])
    if points[-1][1] - constant <= FLAT * constant:
        return 0
    grown = [
        (math.log(size - smallest), math.log(cost - constant))
        for size, cost in points[half:]
        if size > smallest and cost > constant
    ]
    if len(grown) < 2:
        return 0
    return statistics.linear_regression(*zip(*grown, strict=True)).slope


def _measure_routes(server: Server, counts: Sequence[int]) -> Iterator[Series]:
    """Build an app, ask for its last route, and for each of its routes once."""
    apps.create(server, counts)
    costs = []
    for count in counts:
        build = apps.build(server, count)
        requests = [apps.get_request(count, route) for route in range(count)]
        last = statistics.median(run_list(server.port, requests[-1:] * REQUESTS))
        each = sum(run_list(server.port, requests)) / 1e3
        costs.append((build, last, each, server.get_memory() / _MEGABYTE))
    names = (
        *("first request, ms", "last route, p50 ms"),
        *("each route once, s", "memory then, MB"),
    )
    yield from _make_series("routes", names, counts, costs)


def _measure_endpoints(server: Server, counts: Sequence[int]) -> Iterator[Series]:
    """Ask for one of many endpoints, and for each of them once."""
    costs, paths = [], [f"/growth/{number}" for number in range(max(counts))]
    created = 0
    for count in counts:
        for start in range(created, count, 1000):
            create_endpoints(
                server, "bench_small", paths[start : min(start + 1000, count)]
            )
        created = count
        server.restart()
        requests = [Request(f"{path}/item/1") for path in paths[:count]]
        run_list(server.port, requests[-1:] * 20)
        one = statistics.median(run_list(server.port, requests[-1:] * REQUESTS))
        each = sum(run_list(server.port, requests)) / 1e3
        costs.append((one, each, server.get_memory() / _MEGABYTE))
    names = ("one of them, p50 ms", "each once, s", "memory then, MB")
    yield from _make_series("endpoints", names, counts, costs)


def _measure_body(server: Server, sizes: Sequence[int]) -> Iterator[Series]:
    """Send JSON that becomes models."""
    server.restart()
    costs = []
    lines = json.loads(LINES)["lines"]
    for size in sizes:
        count = max(size * len(lines) // len(LINES), 1)
        body = json.dumps({"lines": (lines * (count // len(lines) + 1))[:count]})
        request = Request("/bench/lines", body)
        with MemoryWatch(server) as memory:
            time = _get_median(server, request, large=size >= LARGE)
        costs.append((time, memory.growth / _MEGABYTE))
    names = ("JSON validated, ms", "memory grows by, MB")
    yield from _make_series("bytes of a request", names, sizes, costs)


def _measure_items(server: Server, counts: Sequence[int]) -> Iterator[Series]:
    """Respond with models made in the handler, and with records."""
    _create_partners(server, max(counts))
    server.restart()
    costs = []
    for count in counts:
        requests = (
            Request(f"/bench/things?count={count}"),
            Request(f"/bench/page/{count}"),
        )
        costs.append(
            [
                _get_median(server, request, large=count * 100 >= LARGE)
                for request in requests
            ]
        )
    names = ("models, ms", "records with 8 fields, ms")
    yield from _make_series("items of a response", names, counts, costs)


def _measure_clients(server: Server, counts: Sequence[int]) -> Iterator[Series]:
    """Have several clients at once, in each kind of server."""
    request = Request("/bench/def")
    for mode in MODES:
        server.restart(mode)
        run_list(server.port, [request] * REQUESTS)
        results = [run_for(server.port, request, count, SECONDS) for count in counts]
        # not p50: some clients may wait for long while others get their responses
        costs = [
            (count / result.rate * 1e3,)
            for count, result in zip(counts, results, strict=True)
        ]
        yield from _make_series(f"clients, {mode}", ("mean ms",), counts, costs)


#: The measurement of each kind of work, and its sizes.
KINDS: dict[
    str, tuple[Callable[[Server, Sequence[int]], Iterator[Series]], list[int]]
] = {
    "routes": (_measure_routes, [10, 30, 100, 300, 1000]),
    "endpoints": (_measure_endpoints, [1, 10, 100, 1000, 10_000]),
    "body": (_measure_body, [10**exponent for exponent in range(3, 9)]),
    "items": (_measure_items, [10, 100, 1000, 10_000, 100_000]),
    "clients": (_measure_clients, [1, 2, 4, 8, 16, 32, 64]),
}


def measure(server: Server, kind: str, sizes: Sequence[int]) -> list[Series]:
    """Measure one of ``KINDS``."""
    return list(KINDS[kind][0](server, sizes))


def _make_series(
    work: str,
    names: Sequence[str],
    sizes: Sequence[int],
    costs: Sequence[Sequence[float]],
) -> Iterator[Series]:
    for name, column in zip(names, zip(*costs, strict=True), strict=True):
        yield Series(work, name, list(zip(sizes, column, strict=True)))


def _get_median(server: Server, request: Request, *, large: bool) -> float:
    run_list(server.port, [request])
    return statistics.median(run_list(server.port, [request] * (3 if large else 30)))


def _create_partners(server: Server, count: int) -> None:
    """Create records for a page: by SQL, as the ORM would take minutes."""
    with closing(psycopg2.connect(dbname=server.database)) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "INSERT INTO res_partner (name, complete_name, email, ref, type, active)"
            " SELECT name, name, email, ref, type, active FROM res_partner"
            " JOIN generate_series(1, %s) ON true"
            " WHERE ref = 'fastapi_bench'",
            [-(-count // 100)],
        )
        cursor.execute("ANALYZE res_partner")
        connection.commit()
