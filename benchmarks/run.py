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
from contextlib import ExitStack
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Any

import endpoints
import report
import speed
import transfers
from load import HOST, LoadError, get_generator
from server import Server, ServerError
from works import ENDPOINTS, TRANSFERS, WORKS

_START = time.monotonic()
FAILURES = (
    LoadError,
    OSError,
    ServerError,
    TimeoutExpired,
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
        text = measure(order)
    except FAILURES as error:
        print(f"The benchmark broke off: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(f"\n{text}", flush=True)
    if order["output"]:
        Path(order["output"]).write_text(text)
    return 0


def measure(order: dict[str, Any]) -> str:
    """Start the servers, measure, and return the tables."""
    only, parts = order["only"], []
    generator = get_generator(own=order["own_load"])
    with ExitStack() as stack:
        servers = {
            options["name"]: stack.enter_context(
                Server(
                    **{
                        **options,
                        "folder": Path(options["folder"]),
                        "log": Path(options["log"]),
                    }
                ).running()
            )
            for options in order["servers"]
        }
        ours = servers[report.OURS]
        parts.append(
            report.describe_run(
                generator,
                order["rounds"],
                order["seconds"],
                _get_odoo_version(ours),
                ours.database,
                order["peer"],
            )
        )
        measured = []
        for work in WORKS:
            if work.name in only:
                _say(f"{work.name}")
                measured += [
                    (work, clients, rows)
                    for clients, rows in speed.measure(
                        work, servers, generator, order["rounds"], order["seconds"]
                    )
                ]
        if measured:
            parts.append(report.render_speed(measured, peer=bool(order["peer"])))
        if TRANSFERS in only:
            parts.append(report.render_transfers(_measure_transfers(servers)))
        if ENDPOINTS in only:
            _say(f"{endpoints.URLS} URLs, {endpoints.ENDPOINTS} endpoints")
            scales = []
            for scale in endpoints.measure(ours):
                scales.append(scale)
                _say(f"{len(scales)} of 4 done")
            parts.append(report.render_endpoints(scales))
    return "\n".join(parts)


def _measure_transfers(
    servers: dict[str, Server],
) -> list[tuple[str, str, transfers.Transfer]]:
    candidates = [("native", servers[report.OURS], "bench_native")]
    candidates += [(name, server, "bench") for name, server in servers.items()]
    measured = []
    for what, function in (
        (f"{transfers.STREAM} MB streamed", transfers.measure_stream),
        (f"{transfers.UPLOAD} MB uploaded", transfers.measure_upload),
    ):
        _say(what)
        for by, server, prefix in candidates:
            # What one transfer has left behind would hide what the next one takes.
            server.restart()
            measured.append((what, by, function(server, prefix)))
    return measured


def _get_odoo_version(server: Server) -> str:
    url = f"http://{HOST}:{server.port}/xmlrpc/2/common"
    with xmlrpc.client.ServerProxy(url) as proxy:
        version: Any = proxy.version()
    return version["server_version"]


def _say(text: str) -> None:
    minutes, seconds = divmod(int(time.monotonic() - _START), 60)
    print(f"==> {minutes}:{seconds:02} measuring: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
