# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The demo addons that need ``sale`` or ``mail``: their tests have separate databases.

In the database of the other tests, these would slow down each started server.
"""

import re
from pathlib import Path

from odoo.modules import Manifest
from odoo.tests import BaseCase, get_db_name, tagged

from .servers import create_database, drop_database, free_port


def count_tests(addon_path):
    texts = (
        path.read_text(encoding="utf-8")
        for path in Path(addon_path, "tests").glob("test_*.py")
    )
    return sum(len(re.findall(r"^    def test_", text, re.M)) for text in texts)


@tagged("post_install", "-at_install")
class TestDemoAddons(BaseCase):
    def run_tests(self, *addons, needed):
        """Run the tests of addons in a new database; return how many each has."""
        manifests = [Manifest.for_addon(name) for name in (*addons, needed)]
        if not all(manifests):
            self.skipTest(f"{addons} or {needed} are not in the addons path.")
        dbname = f"{get_db_name()}_{needed}"
        self.addCleanup(drop_database, dbname)
        tags = ",".join(f"/{addon}" for addon in addons)
        code, log = create_database(
            dbname, ",".join(addons), "--test-tags", tags, http_port=free_port()
        )
        tests = [count_tests(manifest.path) for manifest in manifests[:-1]]
        result = re.search(r"\d+ failed, \d+ error\(s\) of \d+ tests", log)
        self.assertTrue(result, log[-5000:])
        self.assertEqual(
            result[0], f"0 failed, 0 error(s) of {sum(tests)} tests", log[-5000:]
        )
        self.assertEqual(code, 0)
        return tests

    def test_orders_and_agent(self):
        """In one database: ``sale`` needs ``mail``, too."""
        orders, agent = self.run_tests("my_demo_orders", "my_demo_agent", needed="sale")
        self.assertGreater(orders, 20)
        self.assertGreater(agent, 5)
