# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``odoo api``: arguments, configuration and exit code of the subcommands.

``odoo help`` also loads this file, without configuration and database. So it imports
nothing of the addon before a subcommand runs.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any

from odoo.cli.command import PROG_NAME, Command
from odoo.tools import config

__all__ = ["Api"]

_logger = logging.getLogger(__name__)

#: Template of an addon for ``odoo scaffold``.
TEMPLATE = Path(__file__).parents[1] / "scaffold"


class Api(Command):
    """Show, check and call the APIs of a database"""

    name = "api"
    epilog = f"""
        exit codes:
          0  done
          1  openapi --check: breaking changes; call: the status is 4xx or 5xx
          2  not done: the message says why

        A new addon with an API:
          {PROG_NAME} scaffold -t {TEMPLATE} my_api
    """

    def __init__(self) -> None:
        super().__init__()
        self._parts: Any = self.parser.add_subparsers(
            dest="part", required=True, metavar="COMMAND"
        )
        self._add_routes()
        self._add_openapi()
        self._add_call()
        self._add_schema()

    def run(self, cmdargs: Sequence[str]) -> None:
        """Run a subcommand, and end the process with its exit code."""
        args = self.parser.parse_args(cmdargs)
        options = ["--no-http", f"--log-level={args.log_level}"]
        for option in ("config", "addons_path", "database"):
            value = getattr(args, option)
            if value:
                options.append(f"--{option.replace('_', '-')}={value}")
        config.parse_config(options, setup_logging=True)
        if len(config["db_name"]) != 1:
            self.parser.error("name one database: -d DATABASE")
        (args.database,) = config["db_name"]
        try:
            exit_code = self._run_part(args)
            sys.stdout.flush()
        except BrokenPipeError:  # odoo api routes | head
            # otherwise Python flushes again at exit, and prints an error
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            exit_code = 0
        except KeyboardInterrupt:  # during an endless stream
            # otherwise asyncio logs the cancelled task
            logging.getLogger("asyncio").setLevel(logging.CRITICAL)
            exit_code = 128 + signal.SIGINT
        except Exception as err:  # otherwise Python ends with 1, see the epilog
            _logger.exception("%s %s failed", self.name, args.part)
            self._print_error(
                f"unexpected {type(err).__name__}: {err}; the log has the traceback"
            )
            exit_code = 2
        sys.exit(exit_code)

    def _run_part(self, args: argparse.Namespace) -> int:
        """Run a subcommand, and return its exit code."""
        # not at the top, see the docstring of the module
        part = importlib.import_module(f"odoo.addons.fastapi.cli._{args.part}")
        try:
            exit_code: int = part.run(args)
        except part.CommandError as err:
            self._print_error(str(err))
            return 2
        return exit_code

    def _print_error(self, message: str) -> None:
        sys.stderr.write(f"{PROG_NAME} {self.name}: {message}\n")

    def _add(self, name: str, summary: str, text: str) -> Callable[..., Any]:
        """Add a subcommand, and return the function that adds its arguments."""
        part: argparse.ArgumentParser = self._parts.add_parser(
            name,
            help=summary,
            description=dedent(text),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            prog=f"{PROG_NAME} {self.name} {name}",
        )
        add = part.add_argument_group("options of Odoo").add_argument
        add("-c", "--config", help="configuration file")
        add("--addons-path", help="folders of addons, with commas")
        add("-d", "--database", help="the database")
        add("--log-level", default="warn", help="of the log (default: %(default)s)")
        return part.add_argument

    def _add_routes(self) -> None:
        add = self._add(
            "routes",
            "list the routes of the endpoints",
            """\
            List the documented routes of the active endpoints: method, path, tags,
            summary, authentication, operation id, file and line of the handler.
            """,
        )
        add("--endpoint", metavar="PATH", help="root path of one endpoint: /library")
        add("--json", action="store_true", help="print JSON")

    def _add_openapi(self) -> None:
        add = self._add(
            "openapi",
            "print the OpenAPI document of an endpoint, or compare it",
            """\
            Print the OpenAPI document of an endpoint. The same app gives the same
            bytes, so that the file can be kept in a repository.

            With --check, print the changes that may break clients of an older
            document instead, one a line, and end with 1 if there are any.
            """,
        )
        add("endpoint", metavar="PATH", help="root path: /library")
        add("--check", metavar="FILE", type=Path, help="an older document, in JSON")

    def _add_call(self) -> None:
        add = self._add(
            "call",
            "call a route in this process, without a server",
            """\
            Call a route in this process. The request is handled as one over HTTP:
            authentication, middleware, handler, transaction, background tasks.

            Without --commit, everything is rolled back in the end. Mail, calls to
            other servers and transactions that the handler opens itself are not undone.

            The body of the response goes to the standard output, its status to the
            standard error. The command ends with 1 if the status is 4xx or 5xx.
            """,
        )
        add("method", metavar="METHOD", help="GET, POST, …")
        add("path", metavar="PATH", help="/library/books?page=2")
        add(
            "--user",
            metavar="LOGIN",
            help="user who calls, logged in to Odoo and authenticated by the app. "
            "Without it, the app asks for credentials as over HTTP",
        )
        add(
            "-H",
            "--header",
            metavar="NAME: VALUE",
            action="append",
            default=[],
            help="a header of the request; may be repeated",
        )
        add(
            "--data",
            metavar="JSON",
            help="body of the request; @FILE reads a file, @- the standard input. "
            "It is JSON unless there is a header Content-Type",
        )
        add("--commit", action="store_true", help="keep what the request does")

    def _add_schema(self) -> None:
        add = self._add(
            "schema",
            "print a schema with fields of a model, to paste",
            """\
            Print a RecordSchema class with fields of a model, as schema_from makes it
            for this database.
            """,
        )
        add("model", metavar="MODEL", help="such as res.partner")
        add("fields", metavar="FIELD", nargs="+")
