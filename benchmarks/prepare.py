# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Prepare what is measured: ``prepare.py ADDONS DATABASE [OPTION...]``.

``make bench`` calls this with Odoo's own addons, the name of a database and a server
for it. Creates databases and hands over to ``run.py``. The exit code tells whether
everything could be measured, not how fast the addon is.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# of tools/
import console
import database
import layout
import process
from console import ToolError, sentences
from environment import Odoo
from growth import KINDS
from other_addons import MODULES
from works import ADDONS, NAMES

FOLDER = Path(__file__).resolve().parent
MODULE = "fastapi_bench"
TIME_LIMIT = 90 * 60  # seconds for all measurements together

_ORDER = layout.STATE / "bench.json"
_WITH_MATPLOTLIB = ("run", "--no-project", "--with", "matplotlib>=3.10", "python")
_BARS = layout.STATE / "bench-bars.json"  # what the chart shows
_PEER = layout.STATE / "bench-peer"
_PEER_ADDONS = (
    "odoo-addon-fastapi==19.0.*",
    "odoo-addon-endpoint-route-handler==19.0.*",
)
# What the published addon needs besides, of any version that goes with ours.
_PEER_PACKAGES = ("fastapi-openapi-overrides", "parse-accept-language", "ujson")


@dataclass(frozen=True)
class BenchOdoo(Odoo):
    """An Odoo that also finds the benchmark's addon.

    :param addons: folders with addons, besides Odoo's own
    """

    addons: tuple[Path, ...] = ()

    def get_command(self, *arguments: str | Path) -> list[str | Path]:
        """Return the command line of Odoo's own program, with its addons."""
        folders = ",".join(map(str, (*self.addons, self.core_addons)))
        return [*super().get_command(*arguments), "--addons-path", folders]


def main(arguments: list[str]) -> int:
    """Measure and print tables, and return 0 if everything could be measured."""
    core_addons, name, *rest = arguments
    options = get_parser().parse_args(rest)
    odoo = Odoo(Path(), Path(core_addons))
    ours = BenchOdoo(**vars(odoo), addons=(layout.ROOT, layout.DEMO, FOLDER))
    database.create(ours, name, [MODULE])
    servers = [_get_server("fastapi", ours, name)]
    if ADDONS in options.only and options.growth is None:
        database.create(ours, f"{name}_addons", [MODULE, *MODULES])
        servers.append(_get_server(ADDONS, ours, f"{name}_addons"))
    version = ""
    if options.peer:
        version = _get_peer()
        # After Odoo's and ours, on the path of the published addon only.
        os.environ["PYTHONPATH"] += f"{os.pathsep}{_PEER / 'packages'}"
        addons = (_PEER / "addons" / "odoo" / "addons", FOLDER)
        peer = BenchOdoo(**vars(odoo), addons=addons)
        database.create(peer, f"{name}_peer", [MODULE])
        servers.append(_get_server("published", peer, f"{name}_peer"))
    growth = None
    if options.growth is not None:
        growth = dict(options.growth) or {kind: KINDS[kind][1] for kind in KINDS}
    section = "growth" if growth else "published" if options.peer else "result"
    chart = None
    if options.output and not growth:
        path = options.output.resolve()
        suffix = "_published" if options.peer else ""
        chart = path.with_name(f"{path.stem}{suffix}.png")
    order = {
        "growth": growth,
        "only": options.only,
        "rounds": options.rounds,
        "seconds": options.seconds,
        "output": str(options.output and options.output.resolve() or ""),
        "section": section,
        "chart": chart.name if chart else "",
        "bars": str(_BARS),
        "peer": version,
        "servers": servers,
    }
    _BARS.unlink(missing_ok=True)
    _ORDER.write_text(json.dumps(order))
    command = (sys.executable, FOLDER / "run.py", _ORDER)
    try:
        code = subprocess.run(command, timeout=TIME_LIMIT, check=False).returncode
    except subprocess.TimeoutExpired as error:
        raise ToolError(
            f"The benchmark has not ended after {TIME_LIMIT} seconds."
        ) from error
    if code:
        raise ToolError(
            f"Not everything could be measured; the servers' logs are {layout.LOGS}/"
            "bench-*.log."
        )
    if chart and _BARS.exists():
        with console.step(f"drawing {chart}"):
            drawing = [layout.UV, *_WITH_MATPLOTLIB, FOLDER / "chart.py", _BARS, chart]
            process.run_step(drawing, "bench-chart")
    return 0


def get_parser() -> argparse.ArgumentParser:
    """Return the parser of the options."""
    parser = argparse.ArgumentParser("make bench ARGS=…")
    parser.add_argument(
        "--rounds", type=_get_count, default=60, help="how often each is measured (60)"
    )
    parser.add_argument(
        "--seconds", type=_get_seconds, default=0.1, help="how long each time (0.1)"
    )
    parser.add_argument(
        "--only",
        type=_get_works,
        default=NAMES,
        help=f"some of {','.join(NAMES)}, separated by commas",
    )
    parser.add_argument(
        "--growth",
        type=_get_sizes,
        nargs="*",
        metavar="KIND[=SIZE,…]",
        help=f"measure only how costs grow, with some or all of {','.join(KINDS)}",
    )
    parser.add_argument(
        "--peer", action="store_true", help="also measure the published addon"
    )
    parser.add_argument(
        "--output", type=Path, help="write the tables to this file, as Markdown"
    )
    return parser


def _get_server(name: str, odoo: Odoo, dbname: str) -> dict[str, Any]:
    """Return what ``server.py`` has to know."""
    log = layout.LOGS / f"bench-{name}.log"
    log.unlink(missing_ok=True)
    return {
        "name": name,
        "command": [str(part) for part in odoo.get_command()],
        "variables": dict(os.environ),
        "database": dbname,
        "folder": str(layout.DATA),
        "log": str(log),
    }


def _get_peer() -> str:
    """Get the published addon, and return its version."""
    shutil.rmtree(_PEER, ignore_errors=True)
    install = (layout.UV, "pip", "install", f"--python={layout.PYTHON}", "--no-deps")
    with console.step("getting the published addon"):
        try:
            # Their dependencies, Odoo and FastAPI, are there.
            for folder, names in (
                ("addons", _PEER_ADDONS),
                ("packages", _PEER_PACKAGES),
            ):
                target = f"--target={_PEER / folder}"
                process.run_step((*install, target, *names), "bench-peer")
        except ToolError as error:
            raise ToolError(
                f"{error}\nThe published addon can't be downloaded: connect the "
                "machine to PyPI, or leave PEER out."
            ) from error
    found = next((_PEER / "addons").glob("odoo_addon_fastapi-*.dist-info"))
    return found.name.removesuffix(".dist-info").partition("-")[2]


def _get_count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise ValueError(text)
    return count


def _get_seconds(text: str) -> float:
    seconds = float(text)
    if not 0.02 <= seconds <= 60:
        raise ValueError(text)
    return seconds


def _get_sizes(text: str) -> tuple[str, list[int]]:
    kind, _found, sizes = text.partition("=")
    if kind not in KINDS:
        raise argparse.ArgumentTypeError(f"`{kind}` is not some of {', '.join(KINDS)}")
    return kind, sorted(map(_get_count, sizes.split(","))) if sizes else KINDS[kind][1]


def _get_works(text: str) -> tuple[str, ...]:
    names = tuple(text.replace(",", " ").split())
    unknown = [name for name in names if name not in NAMES]
    if unknown or not names:
        raise argparse.ArgumentTypeError(
            f"`{text}` is not some of {', '.join(NAMES)}, separated by commas"
        )
    return names


if __name__ == "__main__":
    with sentences():
        sys.exit(main(sys.argv[1:]))
