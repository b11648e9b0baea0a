# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import gc
from types import SimpleNamespace

from odoo.tests import BaseCase

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
