# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The README: its addon is installed and tested, its commands are run."""

import re
from pathlib import Path

from odoo.tests import tagged
from odoo.tools import file_path

from odoo.addons.test_fastapi.tests.test_documents import DocumentCase


@tagged("post_install", "-at_install")
class TestReadme(DocumentCase):
    documents = [Path(file_path("fastapi_mcp_server/readme/USAGE.md"))]

    def test_addon(self):
        self.assertEqual(self.modules, ["people_api"])
        self.check_log()
        result = re.search(r"\d+ failed, \d+ error\(s\) of \d+ tests", self.log)
        self.assertEqual(result[0], "0 failed, 0 error(s) of 1 tests")

    def test_commands(self):
        self.assertEqual(self.check_commands(), 2)
