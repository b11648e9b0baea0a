# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Many endpoints and many URLs, against one of each.

Moments that are minutes apart are compared, so each median is divided by the one of a
controller that was asked in alternation.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from load import Request, run_list
from server import Server

ENDPOINTS = 1000
URLS = 10_000
REQUESTS = 1000  # to one URL
ROUNDS = 5
_NATIVE = Request("/bench_native/trivial")
_ONE = Request("/bench_small/item/1")


@dataclass(frozen=True)
class Scale:
    """What was measured.

    :param endpoints: how many there are
    :param urls: how many different ones were measured
    :param called: how many of the endpoints these URLs are below
    :param p50: milliseconds
    :param relative: p50 divided by the controller's
    :param memory: bytes that the server holds in the end
    """

    endpoints: int
    urls: int
    called: int
    p50: float
    relative: float
    memory: int


def get_memory_of_app(measured: Sequence[Scale]) -> float:
    """Return the bytes that each app takes: the last row beside the one before."""
    unbuilt, built = measured[-2:]
    return (built.memory - unbuilt.memory) / (built.called - unbuilt.called)


def measure(server: Server) -> Iterator[Scale]:
    """Measure one endpoint and many, with one URL and with many.

    The server is restarted before each number of endpoints: one URL first, then many
    below one endpoint, and many endpoints, of which one is called and then each.
    """
    paths = ["/bench_small", *(f"/bench-{number:04}" for number in range(1, ENDPOINTS))]
    create_endpoints(server, "bench_small", paths[:1])
    server.restart()
    yield _measure(server, 1, [_ONE] * REQUESTS)
    yield _measure(server, 1, _get_requests(paths[:1], URLS))
    create_endpoints(server, "bench_small", paths[1:])
    server.restart()
    yield _measure(server, ENDPOINTS, [_ONE] * REQUESTS)
    # The first request to an endpoint builds its app, the second one is measured.
    requests = _get_requests(paths, 2 * ENDPOINTS)
    run_list(server.port, requests[:ENDPOINTS])
    yield _measure(server, ENDPOINTS, requests[ENDPOINTS:])


def _get_requests(paths: Sequence[str], count: int) -> list[Request]:
    """Return requests to distinct URLs, the endpoints in turn."""
    return [
        Request(f"{paths[number % len(paths)]}/item/{number}")
        for number in range(count)
    ]


def create_endpoints(
    server: Server, app: str, paths: Sequence[str], **vals: str
) -> None:
    """Create endpoints of an app, one for each root path.

    :param vals: further fields
    """
    domain = [("login", "=", "fastapi_bench_runner")]
    [user] = server.call("res.users", "search", domain)
    server.call(
        "fastapi.endpoint",
        "create",
        [
            {
                "name": path,
                "app": app,
                "root_path": path,
                "user_id": user,
                "save_http_session": False,
                **vals,
            }
            for path in paths
        ],
    )


def _measure(server: Server, endpoints: int, requests: Sequence[Request]) -> Scale:
    run_list(server.port, [_NATIVE, _ONE] * 50)
    size = -(-len(requests) // ROUNDS)
    medians, ratios = [], []
    for start in range(0, len(requests), size):
        native = statistics.median(run_list(server.port, [_NATIVE] * 100))
        own = statistics.median(run_list(server.port, requests[start : start + size]))
        native += statistics.median(run_list(server.port, [_NATIVE] * 100))
        medians.append(own)
        ratios.append(own / (native / 2))
    called = len({request.path.split("/")[1] for request in requests})
    return Scale(
        endpoints,
        len(set(requests)),
        called,
        statistics.median(medians),
        statistics.median(ratios),
        server.get_memory(),
    )
