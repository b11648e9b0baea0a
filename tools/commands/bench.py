# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Measure routes against controllers of Odoo that do the same work.

Sets up as ``make test`` does, creates databases of its own and hands over to
``benchmarks/run.py``. Its exit code tells whether it could measure, not how fast the
addon is.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import console
import database
import layout
import locks
import postgres
import process
import stamps
from environment import Environment, ready
from errors import ExitCode, StepFailed, ToolError, Unavailable

FOLDER = layout.ROOT / "benchmarks"
MODULE = "fastapi_bench"
WORKS = (
    *("trivial", "dependencies", "partners", "records", "list", "lines"),
    *("key", "basic", "transfers", "endpoints"),
)
TIME_LIMIT = 30 * 60  # seconds for all measurements together

_ORDER = layout.STATE / "bench.json"
_PEER = layout.STATE / "bench-peer"
_PEER_ADDONS = (
    "odoo-addon-fastapi==19.0.*",
    "odoo-addon-endpoint-route-handler==19.0.*",
)
# What the published addon needs besides, of any version that goes with ours.
_PEER_PACKAGES = ("fastapi-openapi-overrides", "parse-accept-language", "ujson")


@dataclass(frozen=True)
class BenchEnvironment(Environment):
    """An Odoo that also finds the benchmark's addon.

    :param addons: folders with addons, besides Odoo's own
    """

    addons: tuple[Path, ...] = ()

    def get_odoo_command(self, *arguments: str) -> list[str | Path]:
        """Return the command line of Odoo's own program, with its addons."""
        folders = ",".join(map(str, (*self.addons, self.odoo.core_addons)))
        return [*super().get_odoo_command(*arguments), "--addons-path", folders]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--rounds", type=_get_count, default=5, help="how often each is measured (5)"
    )
    parser.add_argument(
        "--seconds", type=_get_count, default=2, help="how long each time (2)"
    )
    parser.add_argument(
        "--only",
        type=_get_works,
        default=WORKS,
        help=f"some of {','.join(WORKS)}, separated by commas",
    )
    parser.add_argument(
        "--peer", action="store_true", help="also measure the published addon"
    )
    parser.add_argument(
        "--own-load", action="store_true", help="don't use wrk, also if it is there"
    )
    parser.add_argument(
        "--output", type=Path, help="write the tables to this file, as Markdown"
    )


def main(options: argparse.Namespace) -> int:
    """Measure and print tables.

    :param options: those of :func:`add_arguments`
    :return: 0 if everything could be measured
    """
    name = f"{postgres.get_database_name(os.environ)}_bench"
    output = options.output and options.output.resolve()
    with ready() as plain, locks.held(layout.LOCKS / "bench", "another benchmark here"):
        addons = (layout.ROOT, layout.DEMO, FOLDER)
        ours = BenchEnvironment(**vars(plain), addons=addons)
        database.create(ours, name, [MODULE])
        servers = [_get_server("fastapi", ours, name)]
        version = ""
        if options.peer:
            peer, version = _get_peer(plain)
            database.create(peer, f"{name}_peer", [MODULE])
            servers.append(_get_server("published", peer, f"{name}_peer"))
        order = {
            "only": options.only,
            "rounds": options.rounds,
            "seconds": options.seconds,
            "own_load": options.own_load,
            "output": str(output or ""),
            "peer": version,
            "servers": servers,
        }
        stamps.write(_ORDER, json.dumps(order))
        return _measure(plain)


def _measure(environment: Environment) -> int:
    command = [environment.python, FOLDER / "run.py", _ORDER]
    with process.started(
        command, env=environment.variables, cwd=environment.cwd
    ) as running:
        code = process.wait(running, TIME_LIMIT)
    if code is None:
        raise ToolError(f"The benchmark has not ended after {TIME_LIMIT} seconds.")
    if code:
        raise ToolError(
            f"Not everything could be measured; the servers' logs are {layout.LOGS}/"
            "bench-*.log."
        )
    return ExitCode.OK


def _get_server(name: str, environment: Environment, dbname: str) -> dict[str, Any]:
    """Return what ``benchmarks/server.py`` has to know."""
    log = layout.LOGS / f"bench-{name}.log"
    log.unlink(missing_ok=True)
    return {
        "name": name,
        "command": [str(part) for part in environment.get_odoo_command()],
        "variables": environment.variables,
        "database": dbname,
        "folder": str(environment.cwd),
        "log": str(log),
    }


def _get_peer(environment: Environment) -> tuple[BenchEnvironment, str]:
    """Return the environment of the published addon, and its version."""
    addons, packages = _PEER / "addons", _PEER / "packages"
    stamp = layout.STAMPS / "bench-peer.txt"
    made_of = stamps.get_digest(
        [sys.version, str(_PEER), *_PEER_ADDONS, *_PEER_PACKAGES]
    )
    if stamps.read(stamp) != made_of or not _PEER.is_dir():
        with console.step("getting the published addon"):
            shutil.rmtree(_PEER, ignore_errors=True)
            # Their dependencies, Odoo and FastAPI, are there.
            _install(environment, addons, _PEER_ADDONS)
            _install(environment, packages, _PEER_PACKAGES)
        stamps.write(stamp, made_of)
    found = next(addons.glob("odoo_addon_fastapi-*.dist-info"))
    path = os.pathsep.join([environment.variables["PYTHONPATH"], str(packages)])
    peer = replace(environment, variables={**environment.variables, "PYTHONPATH": path})
    return (
        BenchEnvironment(**vars(peer), addons=(addons / "odoo" / "addons", FOLDER)),
        found.name.removesuffix(".dist-info").partition("-")[2],
    )


def _install(environment: Environment, folder: Path, names: Sequence[str]) -> None:
    command = [environment.python, "-m", "pip", "--disable-pip-version-check"]
    command += ["install", "--no-input", "--no-deps", "--target", folder, *names]
    try:
        process.run_step(command, "bench-peer")
    except StepFailed as error:
        console.error(str(error))
        raise Unavailable(
            "The published addon can't be downloaded",
            "connect the machine to the package index that pip is configured for, or "
            "leave PEER out",
        ) from error


def _get_count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise ValueError(text)
    return count


def _get_works(text: str) -> tuple[str, ...]:
    names = tuple(text.replace(",", " ").split())
    unknown = [name for name in names if name not in WORKS]
    if unknown or not names:
        raise argparse.ArgumentTypeError(
            f"`{text}` is not some of {', '.join(WORKS)}, separated by commas"
        )
    return names
