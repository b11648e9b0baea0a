# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the addons beside ``fastapi`` cost, on a route that does next to nothing.

One server has only ``fastapi``, the other one the addons too, with an endpoint for each
setting. The request log writes calls a second later, in a thread of its own. So there
are figures besides the time that a client waits: the processor time of server and
PostgreSQL, and the instructions of the server, until that is done.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import instructions
from endpoints import create_endpoints
from load import Request, run_list
from server import Server

MODULES = ("fastapi_limits", "fastapi_request_log")
ROUNDS = 7
REQUESTS = 500  # to each route, each round
#: Seconds after which the request log has written its calls.
SETTLE = 2

#: What the table calls each setting, and the fields of its endpoint.
SETTINGS = {
    "both installed, nothing set": {"request_log": "off"},
    "request log, errors": {"request_log": "errors"},
    "request log, all calls": {"request_log": "all"},
    "request log, all calls with bodies": {"request_log": "bodies"},
    "a rate by caller, in PostgreSQL": {
        "request_log": "off",
        "rate_by_caller": "100000/second",
    },
    "rates by address and by caller": {
        "request_log": "off",
        "rate_by_address": "100000/second",
        "rate_by_caller": "100000/second",
    },
}


#: The same route on both servers, by setting.
REQUESTS_TO = {"no other addon": Request("/bench/async")} | {
    setting: Request(f"/bench_addons/{number}/async")
    for number, setting in enumerate(SETTINGS)
}


@dataclass(frozen=True)
class Cost:
    """What was measured of a setting: medians over all rounds.

    :param p50: median of the requests' times, milliseconds
    :param processor: milliseconds of the processors for a request
    :param p50_ratio: p50 as a ratio to that without the addons
    :param ratio: the same of the processors' time
    """

    setting: str
    p50: float
    processor: float
    p50_ratio: float = 1
    ratio: float = 1


def create(having: Server) -> None:
    """Create the endpoints on the server that has the addons."""
    for vals, request in zip(
        SETTINGS.values(), list(REQUESTS_TO.values())[1:], strict=True
    ):
        root_path = request.path.removesuffix("/async")
        create_endpoints(having, "bench_small", [root_path], **vals)


def count(without: Server, having: Server) -> dict[str, float]:
    """Return the instructions of a request, by setting."""
    first, *others = REQUESTS_TO.values()
    counts = instructions.count(without, [first]) | instructions.count(having, others)
    return {name: counts[request] for name, request in REQUESTS_TO.items()}


def measure(
    without: Server, having: Server, get_time: Callable[[], float]
) -> Iterator[Cost]:
    """Call the same route with each setting, in changing order.

    :param without: a server that has none of the addons
    :param having: a server that has them
    :param get_time: returns the processor time of all servers and PostgreSQL, seconds
    :return: the costs without the addons, then those of each setting
    """
    names = list(REQUESTS_TO)
    servers = dict.fromkeys(names, having) | {names[0]: without}
    for name in names:
        run_list(servers[name].port, [REQUESTS_TO[name]] * REQUESTS)
    time.sleep(SETTLE)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for _number in range(ROUNDS):
        for name in names:
            before = get_time()
            times = run_list(servers[name].port, [REQUESTS_TO[name]] * REQUESTS)
            time.sleep(SETTLE)
            processor = (get_time() - before) / REQUESTS * 1e3
            found[name].append((statistics.median(times), processor))
        names = [*names[1:], names[0]]
    first = next(iter(found.values()))
    for name, rounds in found.items():
        pairs = zip(rounds, first, strict=True)
        ratios = [(p50 / p50_0, cpu / cpu_0) for (p50, cpu), (p50_0, cpu_0) in pairs]
        figures = zip(*rounds, strict=True), zip(*ratios, strict=True)
        yield Cost(name, *(statistics.median(each) for row in figures for each in row))
