# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``odoo api``: arguments, configuration and exit code of the subcommands.

``odoo help`` runs this file, too, without configuration and database. So it imports
nothing of the addon before a subcommand runs.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent

from odoo.cli.command import PROG_NAME, Command
from odoo.tools import config

__all__ = ["Api"]

#: The template of an addon, for ``odoo scaffold``.
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
        self._parts = self.parser.add_subparsers(
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
        # imported late: see the docstring of the module
        part = importlib.import_module(f"odoo.addons.fastapi.cli._{args.part}")
        try:
            exit_code = part.run(args)
            sys.stdout.flush()
        except part.CommandError as err:
            sys.stderr.write(f"{PROG_NAME} {self.name}: {err}\n")
            exit_code = 2
        except BrokenPipeError:  # odoo api routes | head
            # else Python flushes once more at exit, and prints an error
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            exit_code = 0
        except KeyboardInterrupt:  # during an endless stream
            # else asyncio logs the cancelled task
            logging.getLogger("asyncio").setLevel(logging.CRITICAL)
            exit_code = 128 + signal.SIGINT
        sys.exit(exit_code)

    def _add(self, name: str, summary: str, text: str) -> argparse.ArgumentParser:
        part: argparse.ArgumentParser = self._parts.add_parser(
            name,
            help=summary,
            description=dedent(text),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            prog=f"{PROG_NAME} {self.name} {name}",
        )
        group = part.add_argument_group("options of Odoo")
        group.add_argument("-c", "--config", help="configuration file")
        group.add_argument("--addons-path", help="folders of addons, with commas")
        group.add_argument("-d", "--database", help="the database")
        group.add_argument(
            "--log-level", default="warn", help="of the log (default: %(default)s)"
        )
        return part

    def _add_routes(self) -> None:
        part = self._add(
            "routes",
            "list the routes of the endpoints",
            """\
            List the routes of the active endpoints, as their documentation has them:
            method, path, tags, summary, how callers authenticate, operation id, and
            the file and line of the handler.
            """,
        )
        part.add_argument(
            "--endpoint", metavar="PATH", help="root path of one endpoint: /library"
        )
        part.add_argument("--json", action="store_true", help="print JSON")

    def _add_openapi(self) -> None:
        part = self._add(
            "openapi",
            "print the OpenAPI document of an endpoint, or compare it",
            """\
            Print the OpenAPI document of an endpoint. The same app gives the same
            bytes, so that the file can be kept in a repository.

            With --check, print what may break clients of an older document instead,
            one change a line, and end with 1 if there is any.
            """,
        )
        part.add_argument("endpoint", metavar="PATH", help="root path: /library")
        part.add_argument(
            "--check", metavar="FILE", type=Path, help="an older document, in JSON"
        )

    def _add_call(self) -> None:
        part = self._add(
            "call",
            "call a route in this process, without a server",
            """\
            Call a route in this process. The request goes the way of one over HTTP:
            authentication, middleware, handler, transaction, background tasks.

            Everything is rolled back in the end, unless --commit is given. What leaves
            the database (mail, calls to other servers, transactions that the handler
            opens by itself) is not undone.

            The body of the response goes to the standard output, its status to the
            standard error. The command ends with 1 if the status is 4xx or 5xx.
            """,
        )
        part.add_argument("method", metavar="METHOD", help="GET, POST, …")
        part.add_argument("path", metavar="PATH", help="/library/books?page=2")
        part.add_argument(
            "--user",
            metavar="LOGIN",
            help="who calls: logged in to Odoo, and the app's authenticated partner. "
            "Without it, the app asks for credentials as over HTTP",
        )
        part.add_argument(
            "-H",
            "--header",
            metavar="NAME: VALUE",
            action="append",
            default=[],
            help="a header of the request; may be repeated",
        )
        part.add_argument(
            "--data",
            metavar="JSON",
            help="body of the request, @FILE for that of a file, @- for the standard "
            "input. It is JSON unless there is a header Content-Type",
        )
        part.add_argument(
            "--commit", action="store_true", help="keep what the request does"
        )

    def _add_schema(self) -> None:
        part = self._add(
            "schema",
            "print a schema with fields of a model, to paste",
            """\
            Print a RecordSchema class with fields of a model, as schema_from makes it
            for this database.
            """,
        )
        part.add_argument("model", metavar="MODEL", help="such as res.partner")
        part.add_argument("fields", metavar="FIELD", nargs="+")
