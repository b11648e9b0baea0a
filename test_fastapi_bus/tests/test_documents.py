# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from pathlib import Path

from odoo.tests import tagged
from odoo.tools import file_path

from odoo.addons.test_fastapi.tests.test_documents import DocumentCase

from .test_servers import Stream


@tagged("post_install", "-at_install")
class TestReadme(DocumentCase):
    documents = [Path(file_path("fastapi_bus/readme/USAGE.md"))]

    def test_example(self):
        self.assertEqual(self.modules, ["push_demo"])
        self.check_log()
        stream = Stream(self.server, "/push_demo/orders/7/events")
        self.addCleanup(stream.close)
        stream.wait_for_start()
        self.server.request("POST", "/push_demo/orders/7/ship")
        event = stream.read()
        self.assertEqual((event["event"], event["data"]), ("shipped", {"parcels": 2}))
        stream.close()
        self.server.request("POST", "/push_demo/orders/7/ship")
        again = Stream(self.server, "/push_demo/orders/7/events", event["id"])
        self.addCleanup(again.close)
        again.wait_for_start()
        self.assertEqual(again.read()["data"], {"parcels": 2})
