# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import sys
import tempfile
from pathlib import Path

from packaging.requirements import Requirement

from odoo.exceptions import UserError
from odoo.modules import Manifest
from odoo.tests import BaseCase, TransactionCase, get_db_name, tagged

from .servers import connect, create_database, drop_database

REQUIREMENTS = Manifest.for_addon("fastapi")["external_dependencies"]["python"]


class LibrariesCase(BaseCase):
    """Odoo, pip and Python read the version of a library from its metadata."""

    def install_library(self, name, version):
        """Return a folder with nothing but the metadata of a library."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        info = Path(folder.name, f"{name.replace('-', '_')}-{version}.dist-info")
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        return Path(folder.name)


@tagged("post_install", "-at_install")
class TestLibraries(LibrariesCase, TransactionCase):
    def check(self):
        self.env["ir.module.module"].check_external_dependencies("fastapi")

    def test_installed_libraries_are_allowed(self):
        self.check()

    def test_an_older_library_is_refused(self):
        for requirement in REQUIREMENTS:
            with self.subTest(requirement=requirement):
                name = Requirement(requirement).name
                folder = self.install_library(name, "0.0.1")
                self.patch(sys, "path", [str(folder), *sys.path])
                with self.assertRaises(UserError) as raised:
                    self.check()
                self.assertEqual(
                    str(raised.exception).splitlines()[0],
                    'Unable to install module "fastapi" because an external dependency '
                    f"is not met: {requirement}",
                )
                sys.path.remove(str(folder))

    def test_the_oldest_library_is_allowed(self):
        for requirement in REQUIREMENTS:
            (bound,) = Requirement(requirement).specifier
            with self.subTest(requirement=requirement):
                self.assertEqual(bound.operator, ">=")
                name = Requirement(requirement).name
                folder = self.install_library(name, bound.version)
                self.patch(sys, "path", [str(folder), *sys.path])
                self.check()
                sys.path.remove(str(folder))


@tagged("post_install", "-at_install")
class TestInstall(LibrariesCase):
    def test_odoo_says_which_library_is_too_old(self):
        dbname = f"{get_db_name()}-install"
        self.addCleanup(drop_database, dbname)
        folder = self.install_library("starlette", "0.45.3")
        code, log = create_database(dbname, "fastapi", packages=[folder])
        self.assertNotEqual(code, 0)
        (requirement,) = (name for name in REQUIREMENTS if "starlette" in name)
        self.assertIn(
            'Unable to install module "fastapi" because an external dependency is not '
            f"met: {requirement}",
            log,
        )
        self.assertIn(f"{requirement} (installed: 0.45.3)", log)
        connection = connect(dbname)
        self.addCleanup(connection.close)
        with connection.cursor() as cr:
            cr.execute("SELECT state FROM ir_module_module WHERE name = 'fastapi'")
            self.assertEqual(cr.fetchall(), [("uninstalled",)])
