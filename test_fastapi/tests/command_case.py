# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Runs subcommands of ``odoo api`` in the process of the tests."""

import importlib
import io
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from odoo.addons.fastapi.cli.api import Api
from odoo.addons.fastapi.exceptions import CommandError

from .common import FastapiHttpCase


class CommandCase(FastapiHttpCase):
    def setUp(self):
        super().setUp()
        self.http_request_allow_all = True  # there is no cookie

    def run_command(self, *arguments, data=b""):
        """Run a subcommand.

        :param data: standard input
        :return: exit code, standard output, standard error
        """
        args = Api().parser.parse_args(arguments)
        args.database = self.env.cr.dbname
        self.env.flush_all()
        part = importlib.import_module(f"odoo.addons.fastapi.cli._{args.part}")
        output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        errors = io.StringIO()
        stdin = io.TextIOWrapper(io.BytesIO(data))
        with (
            redirect_stdout(output),
            redirect_stderr(errors),
            patch("sys.stdin", stdin),
        ):
            try:
                exit_code = part.run(args)
            except CommandError as err:
                exit_code = 2
                errors.write(str(err))
        self.env.invalidate_all()
        return exit_code, output.buffer.getvalue().decode(), errors.getvalue()

    def check_refused(self, *arguments, reason):
        exit_code, output, errors = self.run_command(*arguments)
        self.assertEqual((exit_code, output), (2, ""))
        self.assertRegex(errors, reason)

    def write_file(self, text):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = Path(folder.name) / "file"
        path.write_text(text, encoding="utf-8")
        return str(path)

    def break_endpoint(self):
        endpoint = self._create_endpoint(
            "/broken", app="test_breakable", description="hook"
        )
        return endpoint
