# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import gc
import threading
from types import SimpleNamespace
from unittest.mock import patch

from odoo.tests import BaseCase

from .. import watch
from ..after_response import StreamBody
from ..watch import EventStream, Watch


class Body:
    """The stream of an app."""

    def __init__(self):
        self.application = SimpleNamespace(endpoint_id=1)
        self.reasons = []

    def cut(self, reason):
        self.reasons.append(reason)

    def close(self):
        """Nothing to close."""


class TestEventStream(BaseCase):
    def setUp(self):
        super().setUp()
        self.watch = Watch()
        self.registry = SimpleNamespace(db_name="no database has this name")

    def test_cut(self):
        body = Body()
        stream = EventStream(body, self.registry)
        self.watch.add(stream)
        self.addCleanup(self.watch.remove, stream)
        self.watch.check()
        self.assertEqual(body.reasons, ["The API does not exist any more."])

    def test_dropped_response(self):
        """werkzeug may drop a response without closing it."""
        body = Body()
        response = StreamBody(body, None, None)
        stream = EventStream(body, self.registry)
        response.on_close = lambda: self.watch.remove(stream)
        self.watch.add(stream)
        del body, response
        gc.collect()
        self.assertEqual(len(self.watch), 0)
        stream.close(1012, "The API has changed.")

    def test_failing_check(self):
        """The watch goes on."""
        calls, checked_again = [], threading.Event()

        def check():
            calls.append(1)
            if len(calls) == 1:
                raise RuntimeError("can't start new thread")
            checked_again.set()

        body = Body()
        stream = EventStream(body, self.registry)
        self.addCleanup(self.watch.remove, stream)
        with (
            patch.object(watch, "CHECK_INTERVAL", 0.01),
            patch.object(self.watch, "check", check),
            self.assertLogs("odoo.addons.fastapi.watch", "ERROR"),
        ):
            self.watch.add(stream)
            self.assertTrue(checked_again.wait(10))
