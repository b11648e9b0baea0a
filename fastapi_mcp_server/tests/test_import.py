# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import subprocess
import sys
from pathlib import Path

import odoo
from odoo.tests import BaseCase, tagged
from odoo.tools import config

IMPORT = """
import sys

from odoo.modules.module import initialize_sys_path
from odoo.tools import config

config["addons_path"] = sys.argv[1].split(",")
initialize_sys_path()

import odoo.addons.fastapi_mcp_server

print(*(name for name in sys.modules if name.startswith("mcp")))
"""


@tagged("post_install", "-at_install")
class TestImport(BaseCase):
    def test_addon_without_the_sdk(self):
        """Processes without an MCP server don't spend time on the import of the SDK."""
        paths = ",".join(config["addons_path"])
        root = Path(odoo.__path__[0]).parent
        run = subprocess.run(
            [sys.executable, "-c", IMPORT, paths],
            cwd=root,
            capture_output=True,
            text=True,
        )
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(run.stdout.strip(), "")
