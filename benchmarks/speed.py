# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Requests per second: a controller and routes with the same work, in alternation.

A machine is never as fast as a moment ago. So each round asks every candidate once, for
a tenth of a second, in changing order. What counts is the median of
the ratios of the rounds, not the ratio of two figures from different times.

Measured beside other programs (load 14), seven seconds for each candidate, trivial
routes with one and four clients: the interval of 95 % was 1.46 wide on average with
rounds of a second, 0.39 with a tenth, 0.24 with a twentieth. A twentieth is too short
for tasks of 10 ms and four clients.
"""

from __future__ import annotations

import json
import math
import random
import statistics
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from load import HOST, Clients, Request, Result, get_percentile, run_for, run_list
from server import PREFORK, THREADS, Server
from works import Work

#: Numbers of clients, by what ``Server.mode`` is.
CLIENTS = {THREADS: (1, 4), PREFORK: (4,)}
WARM_UP = 50  # requests


class Different(Exception):
    """Controller and route don't answer the same, or not what they should."""


@dataclass(frozen=True)
class Candidate:
    """A request to a server that takes part in the rounds."""

    server: Server
    request: Request


@dataclass(frozen=True)
class Row:
    """What was measured of one candidate.

    :param results: one for each round
    :param ratios: rate as a ratio to the controller's, one for each round
    """

    results: list[Result]
    ratios: list[float]

    @property
    def rate(self) -> float:
        """Return the median of the requests per second."""
        return statistics.median(result.rate for result in self.results)

    @property
    def p50(self) -> float:
        """Return the median of the requests' times, milliseconds."""
        return self._get_percentile(50)

    @property
    def p99(self) -> float:
        """Return the time that one of a hundred requests exceeds, milliseconds."""
        return self._get_percentile(99)

    @property
    def ratio(self) -> float:
        """Return the median of the ratios."""
        return statistics.median(self.ratios)

    @property
    def interval(self) -> tuple[float, float]:
        """Return between what the median of endless rounds is, with 95 %.

        That of the binomial distribution: it takes the rounds as independent.
        """
        count = len(self.ratios)
        rank = max(math.floor(count / 2 - 0.98 * math.sqrt(count)), 0)
        ratios = sorted(self.ratios)
        return ratios[rank], ratios[-1 - rank]

    def _get_percentile(self, percent: int) -> float:
        times = [time for result in self.results for time in result.times]
        return get_percentile(times, percent)


NATIVE = ("native", "")


def measure(
    work: Work,
    servers: Mapping[str, Server],
    rounds: int,
    seconds: float,
) -> Iterator[tuple[int, dict[tuple[str, str], Row]]]:
    """Measure a work with the clients that the mode of the servers has.

    :param servers: the first one's controller is what all are compared with
    :param rounds: how often each candidate is asked
    :param seconds: how long each time
    :return: number of clients; rows by server and route, the controller's as NATIVE
    """
    first = next(iter(servers.values()))
    candidates = {NATIVE: Candidate(first, work.get_native())}
    for name, server in servers.items():
        if server is not first and not work.published:
            continue
        for route, request in work.get_routes().items():
            candidates[name, route] = Candidate(server, request)
    check_size(work, _fetch(candidates[NATIVE]))
    for candidate in candidates.values():
        _check_same(candidate, candidates[NATIVE])
        if first.mode == PREFORK:  # each worker gets some
            run_for(candidate.server.port, candidate.request, 4, 1)
        else:
            run_list(candidate.server.port, [candidate.request] * WARM_UP)
    for clients in CLIENTS[first.mode]:
        results: dict[tuple[str, str], list[Result]] = {key: [] for key in candidates}
        with Clients(clients) as processes:
            for number in range(rounds):
                # by chance, but the same in each run
                for key in random.Random(number).sample(list(candidates), len(results)):
                    server, request = candidates[key].server, candidates[key].request
                    results[key].append(processes.run(server.port, request, seconds))
        yield (
            clients,
            {
                key: Row(
                    results[key],
                    [
                        one.rate / native.rate
                        for one, native in zip(
                            results[key], results[NATIVE], strict=True
                        )
                    ],
                )
                for key in candidates
            },
        )


def check_size(work: Work, answer: dict[str, Any]) -> None:
    """Refuse a page of another size: the database is not what it should be.

    :raises Different: with both sizes
    """
    size = len(answer.get("items", ()))
    if size != work.items:
        raise Different(f"{work.native}: {size} records instead of {work.items}")


def _check_same(candidate: Candidate, native: Candidate) -> None:
    """Refuse to compare different things: a route may say more, not something else."""
    answer, expected = _fetch(candidate), _fetch(native)
    shared = {key: answer.get(key) for key in expected}
    if shared != expected and not _are_pages_alike(shared, expected):
        raise Different(f"{candidate.request.path}: {answer} instead of {expected}")


def _are_pages_alike(answer: dict[str, Any], expected: dict[str, Any]) -> bool:
    # Ids of records differ between databases.
    if "items" not in expected:
        return False
    for page in (answer, expected):
        page["items"] = [{**item, "id": 0} for item in page["items"]]
    return answer == expected


def _fetch(candidate: Candidate) -> dict[str, Any]:
    request = candidate.request
    headers = {"Content-Type": "application/json"} if request.body else {}
    if request.authorization:
        headers["Authorization"] = request.authorization
    message = urllib.request.Request(
        f"http://{HOST}:{candidate.server.port}{request.path}",
        data=request.body.encode() or None,
        headers=headers,
        method=request.method,
    )
    with urllib.request.urlopen(message, timeout=60) as answer:
        return json.load(answer)
