# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The demo addon that needs ``sale``: its tests run in a separate database.

In the database of the other tests, ``sale`` would slow down each started server.
"""

import re
from pathlib import Path

from odoo.modules import Manifest
from odoo.tests import BaseCase, get_db_name, tagged

from .servers import create_database, drop_database, free_port

ADDON = "my_demo_orders"


@tagged("post_install", "-at_install")
class TestDemoOrders(BaseCase):
    def test_tests_of_the_addon_pass(self):
        manifests = [Manifest.for_addon(name) for name in (ADDON, "sale")]
        if not all(manifests):
            self.skipTest(f"{ADDON} or sale is not in the addons path.")
        dbname = f"{get_db_name()}_orders"
        self.addCleanup(drop_database, dbname)
        code, log = create_database(
            dbname, ADDON, "--test-tags", f"/{ADDON}", http_port=free_port()
        )
        tests = sum(
            len(re.findall(r"^    def test_", path.read_text(encoding="utf-8"), re.M))
            for path in Path(manifests[0].path, "tests").glob("test_*.py")
        )
        result = re.search(r"\d+ failed, \d+ error\(s\) of \d+ tests", log)
        self.assertTrue(result, log[-5000:])
        self.assertEqual(
            result[0], f"0 failed, 0 error(s) of {tests} tests", log[-5000:]
        )
        self.assertGreater(tests, 20)
        self.assertEqual(code, 0)
