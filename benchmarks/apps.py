# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Apps of many routes: their first request, and their last route."""

from __future__ import annotations

import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from endpoints import create_endpoints
from load import Request, run_list
from server import Server

COUNTS = (100, 500)  # routes
ROUNDS = 3  # with a new server for each, as only the first request builds an app
REQUESTS = 100  # to a route, each round
_PLAIN = Path(__file__).with_name("plain.py")


@dataclass(frozen=True)
class ManyRoutes:
    """What was measured of an app.

    :param routes: how many it has
    :param build: milliseconds that the first request takes longer than later ones
    :param plain: milliseconds that FastAPI alone takes until its first response
    :param last: p50 of the last route, divided by that of the first
    """

    routes: int
    build: float
    plain: float
    last: float


def get_request(routes: int, route: int) -> Request:
    """Return a request to a route of an app of many."""
    return Request(f"/bench_many/{routes}/v1/things-{route}/7")


def create(server: Server, counts: Sequence[int]) -> None:
    """Create an endpoint for each number of routes."""
    create_endpoints(server, "bench_many", [f"/bench_many/{count}" for count in counts])


def build(server: Server, count: int) -> float:
    """Restart a server and have it build an app.

    :return: milliseconds of the first request
    """
    server.restart()
    # as it is when the first request comes: modules are imported, other apps built
    run_list(server.port, [Request("/bench/def")] * 20)
    run_list(server.port, [Request(f"/bench/many/{count}", "{}")])
    [time] = run_list(server.port, [get_request(count, count - 1)])
    return time


def measure(server: Server, count: int) -> ManyRoutes:
    """Measure an app, whose endpoint must be there."""
    builds, plains, ratios = [], [], []
    command = (server.command[0], _PLAIN, str(count))
    first, last = get_request(count, 0), get_request(count, count - 1)
    for _number in range(ROUNDS):
        first_request = build(server, count)
        times = run_list(server.port, [first, last] * REQUESTS)
        p50, p50_last = map(statistics.median, (times[::2], times[1::2]))
        builds.append(first_request - p50_last)
        ratios.append(p50_last / p50)
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        plains.append(float(done.stdout))
    return ManyRoutes(count, *map(statistics.median, (builds, plains, ratios)))
