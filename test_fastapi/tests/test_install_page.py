# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Commands, files and tables of the page *Install and deploy*."""

import configparser
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import venv
from pathlib import Path

import odoo
from odoo.tests import BaseCase, get_db_name, tagged

from odoo.addons import base

from .documents import find_complaints, read_blocks, read_commands, read_files
from .nginx import HOST, MISSING, Nginx
from .servers import OdooServer, drop_database, run_odoo

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "install.md"
#: The start of Odoo's commands on the page, with the name of the database.
ODOO = "odoo -c odoo.conf -d production"
#: Modules required to build and install a wheel that are not installed.
MODULES_MISSING = [
    name for name in ("ensurepip", "whool") if not importlib.util.find_spec(name)
]
#: Folders with the installed libraries.
PACKAGES = [path for path in sys.path if path.endswith("-packages")]


@tagged("post_install", "-at_install")
@unittest.skipUnless(PAGE.exists(), "not in the repository")
class TestInstallPage(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.text = PAGE.read_text(encoding="utf-8")
        cls.blocks = read_blocks(PAGE)
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)

    def test_every_block_is_tested(self):
        languages = {block.language for block in self.blocks}
        self.assertEqual(languages, {"console", "ini", "python"})
        self.assertEqual(self.text.count("\n```"), 2 * len(self.blocks))

    def test_libraries(self):
        rows = re.findall(r"^\| ([\w-]+) \| ([\d.]+) \| `", self.text, re.M)
        listed = (ROOT / "requirements.txt").read_text().splitlines()
        self.assertEqual(
            sorted(f"{name}>={version}" for name, version in rows),
            sorted(line for line in listed if not line.startswith("#")),
        )

    @unittest.skipIf(MISSING, f"not installed: {MISSING}")
    @unittest.skipUnless(shutil.which("curl"), "curl is not installed")
    @unittest.skipIf(MODULES_MISSING, f"not installed: {MODULES_MISSING}")
    def test_from_top_to_bottom(self):
        """Build and install a wheel, start Odoo and nginx, and call them."""
        self._prepare()
        for block in self.blocks:
            if block.language == "console":
                for command, expected in read_commands(block):
                    self.assertEqual(self._run(command.strip()), expected, command)

    def _prepare(self):
        """Provide what the page presupposes: a checkout and Odoo."""
        self.checkout = self.folder / "checkout"
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "fastapi", self.checkout / "fastapi", ignore=ignored)
        shutil.copy(ROOT / "requirements.txt", self.checkout)
        addons = self.folder / "addons"
        for block in self.blocks:
            if block.language == "python":
                for path, text in read_files(block).items():
                    target = addons / path
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_text(text, encoding="utf-8")
        venv.create(self.folder / "venv", with_pip=True)
        (self.packages,) = self.folder.glob("venv/lib/python*/site-packages")
        # the installed libraries come after those of this environment
        (self.packages / "here.pth").write_text("\n".join(PACKAGES))
        # to pip, Odoo is installed
        info = self.packages / "odoo-19.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: odoo\nVersion: 19.0\n"
        )
        self.dbname = f"{get_db_name()}_install_page"
        drop_database(self.dbname)
        self.addCleanup(drop_database, self.dbname)
        (ini,) = (block.text for block in self.blocks if block.language == "ini")
        parser = configparser.RawConfigParser()
        parser.read_string(ini)
        self.options = {
            name: value
            for name, value in parser["options"].items()
            # different in each test
            if name not in ("http_port", "gevent_port", "dbfilter")
        }
        odoo_addons = [Path(base.__path__[0]).parent]
        odoo_addons += Path(odoo.__path__[0]).parent.glob("addons")
        # addons of the wheel, not of the checkout
        self.options["addons_path"] = ",".join(map(str, [*odoo_addons, addons]))
        #: Odoo's server and nginx.
        self.running = []
        self.addCleanup(self._stop)

    def _run(self, command):
        """Return the output of a command of the page."""
        if command.startswith("pip "):
            return self._run_pip(command)
        if command.startswith(ODOO):
            return self._run_odoo(*command.removeprefix(ODOO).split())
        return self._run_curl(command)

    def _run_pip(self, command):
        variables = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PIP_", "PYTHON"))
        }
        # everything is installed already: nothing is downloaded
        variables |= {
            "PATH": f"{self.folder}/venv/bin:{variables['PATH']}",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INDEX": "1",
            "PIP_NO_BUILD_ISOLATION": "0",  # pip reads 0 as "no isolation"
        }
        return self._call(command, self.checkout, variables)

    def _run_odoo(self, *arguments):
        self._stop()
        code, log = run_odoo(
            self.dbname, *arguments, packages=[self.packages], **self.options
        )
        self.assertEqual(code, 0, log)
        self.assertEqual(find_complaints(log), [])
        return ""

    def _run_curl(self, command):
        if not self.running:
            self._start()
        output = self._call(
            command, self.folder, {**os.environ, "CURL_HOME": str(self.folder)}
        )
        # curl adds no newline to the response
        return output if output.endswith("\n") else f"{output}\n"

    def _start(self):
        """Start Odoo and nginx, and let curl reach them at the host of the page."""
        odoo_path = Path(odoo.__path__[0]).parent
        python_path = os.pathsep.join(map(str, [self.packages, odoo_path]))
        server = OdooServer(
            self.dbname, variables={"PYTHONPATH": python_path}, **self.options
        )
        self.running.append(server)
        nginx = Nginx(server.port, server.gevent_port)
        self.running.append(nginx)
        (self.folder / ".curlrc").write_text(
            "no-progress-meter\n"
            f"cacert = {nginx.certificate}\n"
            f"connect-to = {HOST}:443:127.0.0.1:{nginx.port}\n"
        )

    def _stop(self):
        while self.running:
            self.running.pop().stop()

    def _call(self, command, folder, variables):
        done = subprocess.run(
            command,
            shell=True,
            cwd=folder,
            env=variables,
            capture_output=True,
            text=True,
            timeout=120,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout
