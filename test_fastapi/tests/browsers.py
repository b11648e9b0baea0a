# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A browser for pages of servers that tests start."""

import logging

from odoo.tests import HOST
from odoo.tests.common import ChromeBrowser


class BrowserMixin:
    """For a ``BaseCase``: what ``ChromeBrowser`` needs of an ``HttpCase``."""

    _logger = logging.getLogger(__name__)
    browser_size = "800,600"
    touch_enabled = False

    def start_browser(self):
        """Return a browser, which is stopped after the test.

        :raises SkipTest: there is no Chromium
        """
        browser = Browser(self)
        self.addCleanup(browser.stop)
        return browser


class Browser(ChromeBrowser):
    """A browser that may be logged in to Odoo."""

    def open(self, url, session_id="", script=""):
        """Open a page.

        :param script: JavaScript to run before that of the page
        """
        self.set_cookie("session_id", session_id, "/", HOST)
        method = "Page.addScriptToEvaluateOnNewDocument"
        self._websocket_request(method, params={"source": script})
        self.navigate_to(url)

    def wait_for(self, condition):
        """Wait until a condition in JavaScript is true."""
        if not self._wait_ready(condition, timeout=20):
            body = self.run("document.body.innerText")
            raise AssertionError(f"not true: {condition}, on this page: {body}")

    def run(self, code):
        params = {"expression": code, "awaitPromise": True, "userGesture": True}
        return self._websocket_request("Runtime.evaluate", params=params)["result"]
