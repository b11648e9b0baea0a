# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""From a command line to an exit code.

Everything that can't be had arrives here as a :class:`errors.Unavailable` and
leaves as one sentence; everything that was started is stopped on the way up by
the context managers that started it, also on SIGTERM and SIGHUP.
"""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType

import console
from commands import (
    bench,
    clean,
    libraries,
    lint,
    matrix,
    odoo_runner,
    readme,
    run,
    screenshots,
    setup,
    stress,
    test,
    translate,
)
from errors import ExitCode, Stopped, ToolError


def main(arguments: Sequence[str]) -> int:
    """Carry out one command.

    :param arguments: the command line without the program's name
    :return: the process's exit code
    """
    # The embedded server's account must be able to read what is made here.
    os.umask(0o022)
    # Also where a shell has put the command into the background, ignoring SIGINT.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    options, passed_on = _get_parser().parse_known_args(arguments)
    passing_on = (run.main, test.main, stress.main, libraries.main, matrix.main)
    if passed_on and options.command not in passing_on:
        console.error(f"`{passed_on[0]}` is no option of this command.")
        return ExitCode.USAGE
    command: Callable[..., int] = options.command
    try:
        if options.command is matrix.main:
            return command(options, passed_on)
        if options.command in passing_on:
            return command(passed_on)
        if options.command in (bench.main, odoo_runner.main):
            return command(options)
        if options.command is lint.main:
            return command(fix=options.fix)
        if options.command is clean.main:
            return command(cache=options.cache)
        return command()
    except ToolError as error:
        console.error(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        console.line("stopped")
        return ExitCode.INTERRUPTED
    except Stopped as stopped:
        console.line("stopped")
        return 128 + stopped.signal_number
    except OSError as error:
        if error.errno not in _SENTENCES:
            raise
        where = f" ({error.filename})" if error.filename else ""
        console.error(f"{_SENTENCES[error.errno]}{where}.")
        return ExitCode.UNAVAILABLE


_SENTENCES = {
    errno.ENOSPC: "The disk is full: about 3 GB are needed, `make clean` gives back "
    "what this checkout has taken",
    errno.EDQUOT: "Your disk quota is used up: about 3 GB are needed",
    errno.EROFS: "The checkout is on a read-only file system: move it to a place "
    "that you may write to",
    errno.EACCES: "A file can't be accessed, perhaps because another user made it: "
    "remove .odoo/ as that user or take a checkout of your own",
    errno.EPERM: "A file can't be changed, perhaps because another user made it: "
    "remove .odoo/ as that user or take a checkout of your own",
}


def _get_parser() -> argparse.ArgumentParser:
    # No abbreviations: what isn't an option here belongs to pytest or Odoo.
    parser = argparse.ArgumentParser(prog="python3 tools", allow_abbrev=False)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, module in {
        "run": run,
        "test": test,
        "test-matrix": matrix,
        "test-odoo": odoo_runner,
        "test-libraries": libraries,
        "stress": stress,
        "lint": lint,
        "readme": readme,
        "bench": bench,
        "screenshots": screenshots,
        "translate": translate,
        "setup": setup,
        "clean": clean,
    }.items():
        command = commands.add_parser(
            name,
            help=(module.__doc__ or "").splitlines()[0],
            allow_abbrev=False,
            add_help=module not in (test, stress, libraries),
        )
        command.set_defaults(command=module.main)
        if module is bench:
            bench.add_arguments(command)
        if module is matrix:
            matrix.add_arguments(command)
        if module is odoo_runner:
            odoo_runner.add_arguments(command)
        if module is lint:
            command.add_argument("--fix", action="store_true", help="repair and format")
        if module is clean:
            command.add_argument(
                "--cache", action="store_true", help="also remove what was downloaded"
            )
    return parser


def _stop(signal_number: int, _frame: FrameType | None) -> None:
    # Once is enough: a second signal must not interrupt the orderly stop.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise Stopped(signal_number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
