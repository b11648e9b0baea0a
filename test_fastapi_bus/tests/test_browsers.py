# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The demo page in two browsers."""

from odoo.tests import HOST, tagged

from odoo.addons.test_fastapi.tests.browsers import BrowserMixin
from odoo.addons.test_fastapi.tests.server_case import ServerCase

#: WebSockets that fail at once, as behind some proxies.
NO_WEBSOCKETS = """
window.WebSocket = class {
    constructor() {
        queueMicrotask(() => this.onclose());
    }
};
"""
#: A stream that fails at once, the first time only.
FAIL_ONCE = """
let failed = false;
window.EventSource = class extends EventSource {
    constructor(url) {
        super(failed ? url : "/my_demo_live/nothing");
        failed = true;
    }
};
"""


@tagged("post_install", "-at_install")
class TestLivePage(BrowserMixin, ServerCase):
    def setUp(self):
        super().setUp()
        path = [("root_path", "=", "/my_demo_live")]
        if not self.first.rpc("fastapi.endpoint", "search", path):
            self.skipTest("The demo addon is not installed.")
        self.addCleanup(self.query, "DELETE FROM bus_bus")
        self.addCleanup(self.query, "DELETE FROM my_demo_live_order")
        self.session_id = self.first.log_in()
        self.first.log_again()

    def open_page(self, script="", status="live"):
        browser = self.start_browser()
        url = f"http://{HOST}:{self.first.port}/my_demo_live/"
        browser.open(url, self.session_id, script)
        browser.wait_for(
            f"document.getElementById('status').textContent === '{status}'"
        )
        return browser

    def check_page(self, script=""):
        here, there = self.open_page(script), self.open_page(script)
        here.run(
            """
            document.querySelector("#add input").value = "Two <b>chairs</b>";
            document.querySelector("#add button").click();
            """
        )
        row = "document.querySelector('#orders tr')"
        for browser in (here, there):
            browser.wait_for(f"{row}.cells[0].textContent === 'Two <b>chairs</b>'")
            self.assertEqual(
                browser.run(f"{row}.querySelector('select').value")["value"], "new"
            )
        here.run(
            """
            document.querySelector("#add input").value = " ";
            document.querySelector("#add button").click();
            """
        )
        here.wait_for(
            "document.getElementById('error').textContent.includes('least 1')"
        )
        self.assertEqual(
            here.run("document.getElementById('status').textContent")["value"], "live"
        )
        there.run(
            """
            const select = document.querySelector("#orders select");
            select.value = "sent";
            select.dispatchEvent(new Event("change"));
            """
        )
        here.wait_for(f"{row}.querySelector('select').value === 'sent'")
        here.run("document.querySelector('#orders button').click()")
        there.wait_for("document.querySelectorAll('#orders tr').length === 0")
        self.wait_until(self.connections, 0)

    def test_websocket(self):
        self.check_page()
        log = "".join(self.first.log)
        self.assertIn("/my_demo_live/live", log)
        self.assertNotIn("/my_demo_live/events", log)

    def test_server_sent_events(self):
        self.check_page(NO_WEBSOCKETS)
        self.assertIn("/my_demo_live/events", "".join(self.first.log))

    def test_error_of_a_proxy(self):
        """An ``EventSource`` gives up after a 404 or 502; the page does not."""
        self.open_page(NO_WEBSOCKETS + FAIL_ONCE)

    def test_visitor(self):
        """Without a login, the page shows nothing."""
        self.first.rpc("my.demo.live.order", "create", [{"name": "chairs"}])
        self.session_id = "none"
        status = "not connected. Are you logged in to Odoo?"
        browser = self.open_page(status=status)
        self.assertEqual(
            browser.run("document.querySelector('#status a').pathname")["value"],
            "/web/login",
        )
        self.assertNotIn("chairs", str(browser.run("document.body.innerText")))
