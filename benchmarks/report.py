# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The figures as tables in Markdown, with what they were measured on."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date
from importlib import metadata
from pathlib import Path

import psutil
import psycopg2
from endpoints import Scale
from speed import NATIVE, Row
from tabulate import tabulate
from transfers import Transfer
from works import Work

OURS = "fastapi"
PUBLISHED = "published"
MAX_GROWTH = 20  # MB
MAX_FIRST = 50  # milliseconds
MAX_CHANGE = 10  # per cent
_PACKAGES = ("fastapi", "starlette", "pydantic", "a2wsgi")
_MEGABYTE = 10**6  # bytes


def render_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table whose columns line up, numbers to the right."""
    sides = ["left"] + ["right"] * (len(head) - 1)
    return tabulate(rows, head, "pipe", colalign=sides, disable_numparse=True) + "\n"


def render_speed(
    measured: Sequence[tuple[Work, int, Mapping[tuple[str, str], Row]]],
    *,
    peer: bool,
) -> str:
    """Return the table of requests per second.

    :param measured: work, number of clients and rows
    :param peer: with the published addon
    """
    head = [
        *("task", "clients", "native req/s", "FastAPI req/s"),
        *("p50 ms: native, FastAPI", "p99 ms: native, FastAPI"),
        *("ratio", "lowest, highest", "floor", "goal"),
    ]
    if peer:
        head += ["published req/s", "published ratio"]
    lines = []
    for work, clients, rows in measured:
        native = rows[NATIVE]
        for route in work.routes:
            row = rows[OURS, route]
            line = [
                route,
                str(clients),
                f"{native.rate:.0f}",
                f"{row.rate:.0f}",
                f"{native.p50:.2f}, {row.p50:.2f}",
                f"{native.p99:.2f}, {row.p99:.2f}",
                f"{row.ratio:.2f}",
                f"{min(row.ratios):.2f}, {max(row.ratios):.2f}",
                f"{work.floor:.2f}",
                f"{work.goal:.2f}",
            ]
            if peer:
                published = rows.get((PUBLISHED, route))
                line += (
                    [f"{published.rate:.0f}", f"{published.ratio:.2f}"]
                    if published
                    else ["", ""]
                )
            lines.append(line)
    return render_table(head, lines)


def render_transfers(measured: Sequence[tuple[str, str, Transfer]]) -> str:
    """Return the table of large bodies.

    :param measured: what, by whom, figures
    """
    head = (
        *("transfer", "by", f"memory grows by, MB (at most {MAX_GROWTH})"),
        *(f"first byte after the first chunk, ms (at most {MAX_FIRST})", "seconds"),
    )
    return render_table(
        head,
        [
            (
                what,
                by,
                f"{transfer.growth / _MEGABYTE:.1f}",
                "" if transfer.first is None else f"{transfer.first * 1e3:.1f}",
                f"{transfer.seconds:.1f}",
            )
            for what, by, transfer in measured
        ],
    )


def render_endpoints(measured: Sequence[Scale]) -> str:
    """Return the table of many endpoints; the first row is what all compare with."""
    first = measured[0]
    head = (
        *("endpoints", "called", "URLs", "p50 ms", "p50 / native's"),
        *(f"change (at most {MAX_CHANGE} %)", "memory MB"),
        f"change (at most {MAX_CHANGE} %)",
    )
    return render_table(
        head,
        [
            (
                f"{scale.endpoints:,}",
                f"{scale.called:,}",
                f"{scale.urls:,}",
                f"{scale.p50:.2f}",
                f"{scale.relative:.2f}",
                f"{(scale.relative / first.relative - 1) * 100:+.0f} %",
                f"{scale.memory / _MEGABYTE:.0f}",
                f"{(scale.memory / first.memory - 1) * 100:+.0f} %",
            )
            for scale in measured
        ],
    )


def describe_run(
    generator: str, rounds: int, seconds: int, odoo: str, database: str, peer: str
) -> str:
    """Return a list of what the figures were measured on.

    :param odoo: its version
    :param database: one whose server tells its version
    :param peer: version of the published addon, empty without
    """
    memory = psutil.virtual_memory().total / 2**30
    versions = [
        f"Python {platform.python_version()}",
        f"Odoo {odoo}",
        f"PostgreSQL {_get_postgres(database)}",
        *(f"{name} {metadata.version(name)}" for name in _PACKAGES),
    ]
    if peer:
        versions.append(f"published addon {peer}")
    client = {"wrk": "wrk", "own": "benchmarks/load.py"}[generator]
    return (
        f"- {date.today():%Y-%m-%d}, {os.cpu_count()} cores ({_get_cpu()}), "
        f"{memory:.0f} GB of memory\n"
        f"- {', '.join(versions)}\n"
        f"- one server, `workers = 0`; load by {client} on the same machine; "
        f"{rounds} rounds of {seconds} s\n"
    )


def _get_cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2] for line in lines if line.startswith("model name")]
    return " ".join(models[0].split()) if models else platform.machine()


def _get_postgres(database: str) -> str:
    with closing(psycopg2.connect(dbname=database)) as connection:
        cursor = connection.cursor()
        cursor.execute("SHOW server_version")
        [[version]] = cursor.fetchall()
    return version.split()[0]
