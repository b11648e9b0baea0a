# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import subprocess
import sys
from pathlib import Path

from odoo.tests import BaseCase, tagged

ADDON = Path(__file__).parents[1]


@tagged("post_install", "-at_install")
class TestImport(BaseCase):
    def test_addon_in_place_of_the_library(self):
        """In the folder that holds the addon, Python finds it under the bare name."""
        run = subprocess.run(
            [sys.executable, "-c", "import fastapi"],
            cwd=ADDON.parent,
            capture_output=True,
            text=True,
        )
        self.assertEqual(run.returncode, 1)
        message = run.stderr.splitlines()[-1]
        self.assertIn("ImportError: The Odoo addon", message)
        self.assertIn("instead of the Python library 'fastapi'", message)
        self.assertIn("--import-mode=importlib", message)

    def test_former_module_of_the_dependencies(self):
        with self.assertWarnsRegex(DeprecationWarning, "dependencies"):
            from .. import depends
        from .. import dependencies

        for name in dependencies.__all__:
            self.assertIs(getattr(depends, name), getattr(dependencies, name))
