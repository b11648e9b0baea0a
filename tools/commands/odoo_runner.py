# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Run the tests with Odoo's own runner, as OCA's CI does.

The addons are installed with their tests in a database that has what they depend on.
Then the log is read: an error or a warning in it that ``checklog-odoo.cfg`` doesn't
name is a failure, too. The version of Werkzeug is one that pytest's run doesn't have.
"""

from __future__ import annotations

import argparse
import os
import re
import socket
from collections.abc import Iterable
from datetime import date

import console
import database
import layout
import locks
import postgres
import process
import stamps
from addons import Addon, find_addons, get_dependencies, get_tested_together
from environment import Environment, Packages, ready
from errors import ExitCode, StepFailed

#: The last version whose behaviour differs from the newest one's.
WERKZEUG = "3.0.6"
NEWEST = "newest"

_CHECKLOG = layout.ROOT / "checklog-odoo.cfg"
_LOG = "test-odoo"
_TESTS = re.compile(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--short",
        action="store_true",
        help="without test_stress_*.py, whose servers are processes of their own",
    )
    parser.add_argument(
        "--werkzeug",
        default=WERKZEUG,
        metavar="VERSION",
        help=f"of Werkzeug, {WERKZEUG} unless given; `{NEWEST}` for the newest",
    )


def main(options: argparse.Namespace) -> int:
    """Install the addons with their tests, and read the log.

    :param options: those of :func:`add_arguments`
    :return: 0 if the tests passed and the log is clean
    """
    addons = get_tested_together(find_addons())
    name = f"{postgres.get_database_name(os.environ)}_odoo"
    with ready(_get_packages(options.werkzeug)) as environment:
        with locks.held(layout.LOCKS / "tests", "another run of the tests here"):
            database.create(environment, name, get_dependencies(addons))
            with console.step("running the tests with Odoo's runner"):
                passed = _run(environment, name, addons, short=options.short)
            clean = _read_log(environment)
    return ExitCode.OK if passed and clean else ExitCode.FAILED


def get_tags(addons: Iterable[Addon], *, short: bool = False) -> str:
    """Return the value of ``--test-tags`` for the tests of some addons.

    :param short: without the tests under load
    """
    addons = list(addons)
    tags = [f"/{addon.name}" for addon in addons]
    if short:
        tags += [
            f"-/{addon.name}/tests/{path.name}"
            for addon in addons
            for path in sorted(addon.path.glob("tests/test_stress_*.py"))
        ]
    return ",".join(tags)


def count_tests(log: str) -> tuple[int, int]:
    """Return how many tests Odoo says that it ran, and how many did not pass."""
    found = [tuple(map(int, counts)) for counts in _TESTS.findall(log)]
    if not found:
        return 0, 0
    failed, errors, tests = found[-1]
    return tests, failed + errors


def _get_packages(werkzeug: str) -> Packages:
    """Return the packages with a version of Werkzeug, for a new environment."""
    folder = layout.CELLS / f"odoo-runner-{werkzeug}"
    requirements = layout.CELLS / f"{folder.name}.txt"
    # another day, another list: it is resolved once, and then taken from the cache
    line = f"# {date.today()}" if werkzeug == NEWEST else f"Werkzeug=={werkzeug}"
    stamps.write(requirements, f"{line}\n")
    more = (requirements, layout.REQUIREMENTS / "test-odoo.txt")
    return Packages(folder, more=more)


def _run(environment: Environment, name: str, addons: list[Addon], short: bool) -> bool:
    """Run the tests, and return whether they passed."""
    command = environment.get_odoo_command(
        *("--database", name, "--stop-after-init", "--max-cron-threads", "0"),
        *("--http-port", str(_find_port()), "--gevent-port", str(_find_port())),
        *("--init", ",".join(addon.name for addon in addons)),
        *("--test-tags", get_tags(addons, short=short)),
    )
    try:
        process.run_step(command, _LOG, env=environment.variables, cwd=environment.cwd)
    except StepFailed as error:
        console.error(str(error))
        passed = False
    else:
        passed = True
    tests, failed = count_tests((layout.LOGS / f"{_LOG}.log").read_text())
    console.line(f"    {tests} tests, {failed} failed")
    return passed and tests > 0 and not failed


def _read_log(environment: Environment) -> bool:
    """Print what the log complains of, and return whether that is nothing."""
    found = process.capture(
        [
            *(environment.python, "-m", "checklog_odoo", "--no-echo"),
            *("--config", _CHECKLOG, layout.LOGS / f"{_LOG}.log"),
        ],
        env=environment.variables,
        cwd=environment.cwd,
    )
    if found.returncode:
        console.error(f"{found.stdout}{found.stderr}")
    return not found.returncode


def _find_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]
