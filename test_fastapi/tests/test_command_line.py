# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``odoo api`` and ``odoo scaffold`` as processes, as ``docs/commands.md`` has them."""

import json
import os
import re
import subprocess
import sys
import unittest

from odoo.cli.scaffold import snake, template
from odoo.tests import tagged
from odoo.tools import config, file_path

from odoo.addons.fastapi.cli.api import Api

from .servers import PROGRAM, _command
from .test_documents import ADDRESS, ROOT, DocumentCase

PAGE = ROOT / "docs" / "commands.md"
#: What the page calls the template, and the database.
TEMPLATE = "path/to/fastapi/scaffold"
DATABASE = "-d demo"


@tagged("post_install", "-at_install")
@unittest.skipUnless(PAGE.exists(), "not in the repository")
class TestCommandLine(DocumentCase):
    documents = [PAGE]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        command = f"PYTHONHASHSEED=1 odoo api openapi {DATABASE} /my_api"
        cls.document = cls._run_odoo(command)
        # from an older version of the app
        old = json.loads(cls.document)
        old["paths"]["/cities"] = old["paths"]["/countries"]
        country = old["components"]["schemas"]["Country"]
        country["properties"]["iso"] = country["properties"].pop("code")
        country["required"] = ["iso", "name"]
        (cls.folder / "last_release.json").write_text(json.dumps(old))

    @classmethod
    def _write_addons(cls):
        """Create the addon with the command of the page."""
        program = cls.folder / "odoo"
        program.write_text(f"#!{sys.executable}\n{PROGRAM}")
        program.chmod(0o755)
        addons_path = ",".join([*config["addons_path"], str(cls.folder)])
        _arguments, environ = _command(cls.folder, addons_path=addons_path)
        path = os.pathsep.join([str(cls.folder), environ["PATH"]])
        cls.environ = {
            **environ,
            "PATH": path,
            "ODOO_RC": str(cls.folder / "odoo.conf"),
        }
        cls._run_odoo(f"odoo scaffold -t {TEMPLATE} my_api")
        return ["my_api"]

    @classmethod
    def _run_odoo(cls, command):
        """Return the errors and then the output of a command."""
        if DATABASE in command:
            command = command.replace(DATABASE, f"-d {cls.dbname}")
        command = command.replace(TEMPLATE, file_path("fastapi/scaffold"))
        done = subprocess.run(
            command,
            shell=True,
            cwd=cls.folder,
            env=cls.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        return done.stdout

    def _run(self, command):
        if ADDRESS in command:
            return super()._run(command)
        return self._run_odoo(command)

    def test_addon_is_installed(self):
        self.check_log()

    def test_tests_of_the_addon_ran(self):
        tests = (self.folder / "my_api" / "tests" / "test_countries.py").read_text()
        count = len(re.findall(r"^    def test_", tests, re.M))
        self.assertGreater(count, 0)
        result = re.search(r"\d+ failed, \d+ error\(s\) of \d+ tests", self.log)
        self.assertEqual(result[0], f"0 failed, 0 error(s) of {count} tests")

    def test_page(self):
        self.assertGreater(self.check_commands(), 8)
        # the page prints it in another process
        document = (self.folder / "openapi.json").read_text(encoding="utf-8")
        self.assertEqual(document, self.document)

    def test_closed_pipe(self):
        output = self._run_odoo(f"odoo api routes {DATABASE} | true")
        self.assertEqual(output, "")

    def test_names_of_addons(self):
        # Odoo leaves dots and dashes in the name of the folder
        for name, folder in (("Our-New.API", "our-new.api"), ("NewApi", "new_api")):
            with self.subTest(name):
                template(file_path("fastapi/scaffold")).render_to(
                    snake(name), str(self.folder), {"name": name}
                )
                for path in (self.folder / folder).rglob("*.py"):
                    compile(path.read_text(encoding="utf-8"), path, "exec")
                app = (self.folder / folder / "app.py").read_text(encoding="utf-8")
                key = re.sub(r"\W", "_", folder)
                self.assertIn(f'_name = "fastapi.app.{key}"', app)

    def test_help(self):
        self.assertRegex(self._run_odoo("odoo help"), r"\n +api +Show, check and call")
        text = Api().parser.format_help()
        for part in ("routes", "openapi", "call", "schema", "exit codes"):
            self.assertIn(part, text)
        self.assertIn(f"scaffold -t {file_path('fastapi/scaffold')} my_api", text)

    def test_refusals(self):
        for command, reason in (
            ("odoo api routes", "error: name one database: -d DATABASE"),
            (
                "odoo api routes -d nowhere",
                "odoo api: can't open the database nowhere: "
                'database "nowhere" does not exist',
            ),
        ):
            with self.subTest(command):
                output = self._run_odoo(f"{command} || echo $?")
                self.assertTrue(output.endswith(f"{reason}\n2\n"), output)
