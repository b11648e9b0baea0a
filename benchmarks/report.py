# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The figures as tables in Markdown, with what they were measured on."""

from __future__ import annotations

import os
import platform
from ast import literal_eval
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil
import psycopg2
from apps import ManyRoutes
from endpoints import Scale, get_memory_of_app
from growth import MAX_EXPONENT, Series, fit
from machine import Load, find_noise
from other_addons import Cost
from speed import NATIVE, Row
from tabulate import tabulate
from transfers import JSON, Transfer
from works import Work

OURS = "fastapi"
PUBLISHED = "published"
MAX_CHANGE = 10  # per cent
#: What was measured: mode of the server, work, number of clients, rows.
Speed = tuple[str, Work, int, Mapping[tuple[str, str], Row]]
#: A figure with its floor and its goal.
Target = tuple[str, str, str, str]
_MANIFEST = Path(__file__).parents[1] / "fastapi" / "__manifest__.py"
_PACKAGES = ("fastapi", "starlette", "pydantic", "a2wsgi")
_MEGABYTE = 10**6  # bytes
NO_VALGRIND = "Instructions were not counted: valgrind is not installed.\n"
_TITLES = {OURS: "FastAPI", PUBLISHED: "published"}
#: By number of routes, milliseconds: half and a fifth of what it was.
_BUILD = {100: (94 / 2, 94 / 5), 500: (725 / 2, 725 / 5)}


def render_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table whose columns line up, numbers to the right."""
    sides = ["left"] + ["right"] * (len(head) - 1)
    return tabulate(rows, head, "pipe", colalign=sides, disable_numparse=True) + "\n"


def render_speed(
    measured: Sequence[Speed],
    *,
    peer: bool,
) -> str:
    """Return the table of requests per second.

    :param peer: with the published addon
    """
    head = [
        *("task", "server", "clients", "native req/s", "FastAPI req/s"),
        *("p50 ms: native, FastAPI", "p99 ms: native, FastAPI"),
        *("ratio", "95 %", "floor", "goal"),
    ]
    if peer:
        head += ["published req/s", "published ratio"]
    lines = []
    for mode, work, clients, rows in measured:
        native = rows[NATIVE]
        for route in work.routes:
            row = rows[OURS, route]
            line = [
                route,
                mode,
                str(clients),
                f"{native.rate:.0f}",
                f"{row.rate:.0f}",
                f"{native.p50:.2f}, {row.p50:.2f}",
                f"{native.p99:.2f}, {row.p99:.2f}",
                f"{row.ratio:.2f}",
                "{:.2f}, {:.2f}".format(*row.interval),
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


def get_bars(measured: Sequence[Speed]) -> list[dict[str, Any]]:
    """Return what ``chart.py`` draws: requests per second by candidate."""
    return [
        {
            "task": route,
            "server": mode,
            "clients": clients,
            "rates": {"native": rows[NATIVE].rate}
            | {
                name: rows[name, route].rate
                for name in (OURS, PUBLISHED)
                if (name, route) in rows
            },
        }
        for mode, work, clients, rows in measured
        for route in work.routes
    ]


def render_instructions(counts: Sequence[Mapping[str, Any]], *, peer: bool) -> str:
    """Return the table of instructions.

    :param counts: ``task``, and the count by name of the candidate
    :param peer: with the published addon
    """
    names = [OURS, PUBLISHED] if peer else [OURS]
    head = ["task", "native, thousand instructions"]
    head += [part for name in names for part in (_TITLES[name], "ratio")]
    lines = []
    for count in counts:
        line = [count["task"], f"{count['native'] / 1e3:,.0f}"]
        for name in names:
            if name in count:
                line.append(f"{count[name] / 1e3:,.0f}")
                line.append(f"{count['native'] / count[name]:.2f}")
            else:
                line += ["", ""]
        lines.append(line)
    return render_table(head, lines)


def get_targets(
    many: Sequence[ManyRoutes],
    scales: Sequence[Scale],
    transfers: Sequence[tuple[str, str, Transfer]],
    last: float | None,
) -> list[Target]:
    """Return the figures that are not requests per second, with what is expected.

    :param last: instructions of the last of many routes, divided by those of the first
    """
    targets: list[Target] = []
    for app in many:
        floor, goal = _BUILD[app.routes]
        targets.append(
            (
                f"first request to an app of {app.routes} routes, ms more than later "
                f"ones (FastAPI alone: {app.plain:.0f})",
                f"{app.build:.0f}",
                f"{floor:.0f}",
                f"{goal:.0f}",
            )
        )
    if many:
        what = f"p50 of the last of {many[-1].routes} routes, beside the first"
        targets.append((what, f"{many[-1].last:.2f}", "1.10", "1.00"))
    if last is not None:
        what = "instructions of the last of 500 routes, beside the first"
        targets.append((what, f"{last:.2f}", "1.10", "1.00"))
    if scales:
        memory = get_memory_of_app(scales) / 1e3
        targets.append(
            ("memory of an app of 8 routes, kB", f"{memory:.0f}", "40", "10")
        )
        change = _get_change(scales[-1].memory, scales[0].memory)
        what = f"memory with {scales[-1].called:,} endpoints called, beside one"
        targets.append((what, change, "+30 %", "+15 %"))
    peaks = {
        by: transfer.growth
        for what, by, transfer in transfers
        if what.startswith(f"{JSON} MB")
    }
    if peaks:
        ratio = peaks[OURS] / max(peaks["native"], 1)
        what = f"memory that {JSON} MB of JSON take, beside native"
        targets.append((what, f"{ratio:.2f}", "1.30", "1.00"))
    return targets


def render_targets(targets: Sequence[Target]) -> str:
    """Return the table of figures with floors and goals."""
    return render_table(("what", "measured", "floor", "goal"), targets)


def render_growth(measured: Sequence[Series]) -> str:
    """Return the table of costs for several sizes, with the exponent of each."""
    lines = []
    for series in measured:
        exponent = fit(series.points)
        shown = f"{exponent:.2f}" if exponent else "flat"
        if exponent > MAX_EXPONENT:
            shown = f"**{shown}, above linear**"
        sizes = ", ".join(f"{size:,}" for size, _cost in series.points)
        costs = ", ".join(f"{cost:.3g}" for _size, cost in series.points)
        lines.append((series.work, sizes, series.cost, costs, shown))
    return render_table(("work", "sizes", "cost", "measured", "exponent"), lines)


def render_loads(loads: Sequence[Load]) -> str:
    """Return the table of what else the machine did."""
    head = ("task", "load average before", "after", "processors taken by others")
    rows = [
        (load.task, f"{load.before:.2f}", f"{load.after:.2f}", f"{load.others:.2f}")
        for load in loads
    ]
    return render_table(head, rows)


def render_transfers(measured: Sequence[tuple[str, str, Transfer]]) -> str:
    """Return the table of large bodies.

    :param measured: what, by whom, figures
    """
    head = (
        *("transfer", "by", "memory grows by, MB"),
        *("first byte after the first chunk, ms", "seconds"),
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
        "change",
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
                _get_change(scale.relative, first.relative),
                f"{scale.memory / _MEGABYTE:.0f}",
                _get_change(scale.memory, first.memory),
            )
            for scale in measured
        ],
    )


def render_addons(costs: Sequence[Cost], counts: Mapping[str, float]) -> str:
    """Return the table of what the addons beside ``fastapi`` cost.

    :param counts: instructions by setting; empty if they were not counted
    """
    head = [
        *("addon", "p50 ms", "beside none"),
        *("processor ms a request", "beside none"),
    ]
    if counts:
        head += ["thousand instructions", "beside none"]
    rows = []
    for cost in costs:
        row = [cost.setting]
        for figure, ratio in (
            (cost.p50, cost.p50_ratio),
            (cost.processor, cost.ratio),
        ):
            row += [f"{figure:.2f}", f"{ratio:.2f}"]
        if counts:
            found = counts[cost.setting]
            row += [f"{found / 1e3:,.0f}", f"{found / counts[costs[0].setting]:.2f}"]
        rows.append(row)
    return render_table(head, rows)


def describe_noise(loads: list[Load]) -> str:
    """Return a sentence that tells whether the machine was quiet."""
    reasons = find_noise(loads)
    if reasons:
        return f"**not quiet: {'; '.join(reasons)}**"
    return (
        f"quiet: load {loads[0].before:.2f} before the first task; other programs took "
        f"at most {max(load.others for load in loads):.2f} processors during any task"
    )


def describe_run(order: Mapping[str, Any], odoo: str, database: str, noise: str) -> str:
    """Return a list of what the figures were measured on.

    :param odoo: its version
    :param database: one whose server tells its version
    :param noise: whether the machine was quiet
    """
    memory = psutil.virtual_memory().total / 2**30
    versions = [
        f"Python {platform.python_version()}",
        f"Odoo {odoo}",
        f"PostgreSQL {_get_postgres(database)}",
        *(f"{name} {metadata.version(name)}" for name in _PACKAGES),
        f"this addon {literal_eval(_MANIFEST.read_text())['version']}",
    ]
    if order["peer"]:
        versions.append(f"published addon {order['peer']}")
    load = (
        f"load by benchmarks/load.py on the same machine; {order['rounds']} rounds of "
        f"{order['seconds']:g} s"
    )
    if order["growth"]:
        load = "each size once; the times are medians of up to 100 requests"
    return (
        f"- {date.today():%Y-%m-%d}, {os.cpu_count()} cores ({_get_cpu()}), "
        f"{memory:.0f} GB of memory\n"
        f"- {', '.join(versions)}\n"
        f"- {load}\n"
        f"- {noise}\n"
    )


def write_section(path: Path, name: str, text: str) -> None:
    """Write a section of a Markdown file, or a whole file that has no such section.

    It is between the comments ``<!-- begin: NAME -->`` and ``<!-- end: NAME -->``.
    """
    begin, end = f"<!-- begin: {name} -->\n", f"<!-- end: {name} -->\n"
    page = path.read_text() if path.exists() else ""
    before, found, rest = page.partition(begin)
    _old, closed, after = rest.partition(end)
    if found and closed:
        text = f"{before}{begin}\n{text}\n{end}{after}"
    path.write_text(text)


def _get_change(figure: float, first: float) -> str:
    return f"{(figure / first - 1) * 100:+.0f} %"


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
