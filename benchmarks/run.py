# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Measure and report: what ``make bench`` runs once databases are there.

Runs under the Python of Odoo's environment. The first argument is a JSON file that
``prepare.py`` writes: what to measure, and the servers to start.
"""

from __future__ import annotations

import json
import signal
import sys
import time
import xmlrpc.client
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import SubprocessError
from typing import Any

import apps
import endpoints
import growth
import instructions
import other_addons
import report
import speed
import transfers
import works
from load import HOST, LoadError, Request
from machine import Machine
from server import PREFORK, THREADS, Server, ServerError

_START = time.monotonic()
FAILURES = (
    LoadError,
    OSError,
    ServerError,
    SubprocessError,
    speed.Different,
    transfers.Incomplete,
    xmlrpc.client.Error,
)


def main(path: str) -> int:
    """Measure what a file asks for.

    :return: the process's exit code: 1 if something did not work
    """
    signal.signal(signal.SIGTERM, lambda *_args: sys.exit(143))
    order = json.loads(Path(path).read_text())
    try:
        text, noise = measure(order)
    except FAILURES as error:
        print(f"The benchmark broke off: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(f"\n{text}\n==> {noise}", flush=True)
    if order["output"]:
        report.write_section(Path(order["output"]), order["section"], text)
    return 0


def measure(order: dict[str, Any]) -> tuple[str, str]:
    """Start the servers, measure, and return the tables and how quiet it was."""
    with ExitStack() as stack:
        servers = {}
        for options in order["servers"]:
            paths = {name: Path(options[name]) for name in ("folder", "log")}
            server = Server(**{**options, **paths})
            servers[server.name] = server
        having = servers.pop(works.ADDONS, None)  # started later
        for server in servers.values():
            stack.enter_context(server.running())
        run = Run(order, servers, having)
        parts = run.measure()
        loads = run.machine.loads
        if not loads:
            return "\n".join(parts), "nothing was measured"
        noise = report.describe_noise(loads)
        odoo = _get_odoo_version(run.ours)
        head = report.describe_run(order, odoo, run.ours.database, noise)
    return "\n".join([head, *parts, report.render_loads(loads)]), noise


class Run:
    """The tasks that an order asks for, one after the other.

    :param having: a server with all addons, if the order asks for them
    """

    def __init__(
        self,
        order: dict[str, Any],
        servers: dict[str, Server],
        having: Server | None = None,
    ) -> None:
        self.order = order
        self.servers = servers
        self.ours = servers[report.OURS]
        self.having = having
        self.machine = Machine(self.ours.database)

    def measure(self) -> list[str]:
        """Return the tables."""
        only, peer, parts = self.order["only"], bool(self.order["peer"]), []
        named = [work for work in works.WORKS if work.name in only]
        _say("waiting until the load of the machine has fallen")
        self.machine.settle()
        if self.order["growth"]:
            return [report.render_growth(self._measure_growth())]
        if {works.APPS, works.INSTRUCTIONS} & set(only):
            apps.create(self.ours, apps.COUNTS)
        speeds = self._measure_speed(named, THREADS)
        if works.PREFORK in only:
            speeds += self._measure_speed(named or works.WORKS, PREFORK)
        if speeds:
            if self.order["chart"]:
                parts.append(f"![Requests per second]({self.order['chart']})\n")
            parts.append(report.render_speed(speeds, peer=peer))
            Path(self.order["bars"]).write_text(json.dumps(report.get_bars(speeds)))
        last = None
        if works.INSTRUCTIONS in only:
            if instructions.is_there():
                counts, last = self._count_instructions(named or works.WORKS)
                parts.append(report.render_instructions(counts, peer=peer))
            else:
                parts.append(report.NO_VALGRIND)
        many, transferred, scales = [], [], []
        if works.APPS in only:
            for count in apps.COUNTS:
                with self._task(f"an app of {count} routes"):
                    many.append(apps.measure(self.ours, count))
        if works.TRANSFERS in only:
            transferred = self._measure_transfers()
            parts.append(report.render_transfers(transferred))
        if works.ENDPOINTS in only:
            with self._task(f"{endpoints.ENDPOINTS} endpoints"):
                scales = list(endpoints.measure(self.ours))
            parts.append(report.render_endpoints(scales))
        if self.having is not None:
            parts.append(report.render_addons(*self._measure_addons(self.having)))
        targets = report.get_targets(many, scales, transferred, last)
        if targets:
            parts.append(report.render_targets(targets))
        return parts

    def _measure_speed(
        self, measured: Sequence[works.Work], mode: str
    ) -> list[report.Speed]:
        order = self.order
        speeds: list[report.Speed] = []
        if mode != THREADS:
            for server in self.servers.values():
                server.restart(mode)
        for work in measured:
            with self._task(f"{work.name}, {mode}"):
                speeds += [
                    (mode, work, clients, rows)
                    for clients, rows in speed.measure(
                        work,
                        self.servers,
                        order["rounds"],
                        order["seconds"],
                    )
                ]
        return speeds

    def _count_instructions(
        self, counted: Sequence[works.Work]
    ) -> tuple[list[dict[str, Any]], float]:
        """Return the counts of works; the last of many routes divided by the first."""
        routes = apps.COUNTS[-1]
        first, last = (apps.get_request(routes, route) for route in (0, routes - 1))
        found: dict[str, dict[Request, float]] = {}
        with self._task("instructions"):
            for name, server in self.servers.items():
                requests = [
                    request
                    for work in counted
                    if work.published or server is self.ours
                    for request in work.get_routes().values()
                ]
                if server is self.ours:
                    requests += [work.get_native() for work in counted] + [first, last]
                found[name] = instructions.count(server, requests)
        counts = [
            {"task": route, "native": found[report.OURS][work.get_native()]}
            | {name: found[name][request] for name in found if request in found[name]}
            for work in counted
            for route, request in work.get_routes().items()
        ]
        return counts, found[report.OURS][last] / found[report.OURS][first]

    def _measure_addons(
        self, having: Server
    ) -> tuple[list[other_addons.Cost], dict[str, float]]:
        """Return times, and instructions if they can be counted."""
        self.ours.restart()
        with self._task(works.ADDONS):
            with having.running():
                other_addons.create(having)
                get_time = self.machine.get_served
                costs = list(other_addons.measure(self.ours, having, get_time))
            counts = {}
            if instructions.is_there():
                counts = other_addons.count(self.ours, having)
        return costs, counts

    def _measure_growth(self) -> list[growth.Series]:
        measured = []
        for kind, sizes in self.order["growth"].items():
            with self._task(f"growth: {kind}"):
                measured += growth.measure(self.ours, kind, sizes)
        return measured

    def _measure_transfers(self) -> list[tuple[str, str, transfers.Transfer]]:
        candidates = [("native", self.ours, "bench_native")]
        candidates += [(name, server, "bench") for name, server in self.servers.items()]
        measured = []
        for what, function in (
            (f"{transfers.STREAM} MB streamed", transfers.measure_stream),
            (f"{transfers.UPLOAD} MB uploaded", transfers.measure_upload),
            (f"{transfers.JSON} MB of JSON", transfers.measure_json),
        ):
            with self._task(what):
                for by, server, prefix in candidates:
                    # What one has left behind would hide what the next one takes.
                    server.restart()
                    measured.append((what, by, function(server, prefix)))
        return measured

    @contextmanager
    def _task(self, name: str) -> Iterator[None]:
        _say(f"measuring: {name}")
        with self.machine.watch(name):
            yield


def _get_odoo_version(server: Server) -> str:
    url = f"http://{HOST}:{server.port}/xmlrpc/2/common"
    with xmlrpc.client.ServerProxy(url) as proxy:
        version: Any = proxy.version()
    return version["server_version"]


def _say(text: str) -> None:
    minutes, seconds = divmod(int(time.monotonic() - _START), 60)
    print(f"==> {minutes}:{seconds:02} {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
