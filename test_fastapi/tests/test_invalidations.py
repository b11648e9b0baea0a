# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Cache invalidation after transactions that the addon commits or rolls back."""

import http.client
import uuid
from contextlib import closing

from odoo.api import SUPERUSER_ID, Environment
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged

from .server_case import ServerCase


class TestStreamedChanges(ServerCase):
    """A stream changes a system parameter, which Odoo keeps in a cache."""

    def setUp(self):
        super().setUp()
        self.create_endpoint(self.first, "/streams")
        self.key = f"test_fastapi.{uuid.uuid4().hex}"
        self.set(self.first, "before")
        self.addCleanup(self.set, self.first, False)

    def set(self, server, value):
        server.rpc("ir.config_parameter", "set_param", self.key, value)

    def get(self, server):
        return server.rpc("ir.config_parameter", "get_param", self.key)

    def stream(self, query=""):
        path = f"/streams/stream/parameter?key={self.key}&value=after{query}"
        return self.first.open("GET", path)

    def test_change_is_seen_by_other_servers(self):
        second = self.start_server()
        self.assertEqual(self.get(second), "before")  # and caches it
        with self.stream() as response:
            self.assertEqual(response.read(), b"before\nafter\n")
        # the end of the body is sent after the commit
        self.assertEqual(self.get(second), "after")
        self.assertEqual(self.get(self.first), "after")

    def test_change_of_a_failing_stream_is_not_seen(self):
        with self.stream("&fail=true") as response:
            with self.assertRaises(http.client.IncompleteRead) as raised:
                response.read()
        # cut off after the rollback
        self.assertEqual(raised.exception.partial, b"before\nafter\n")
        self.assertEqual(self.get(self.first), "before")


@tagged("post_install", "-at_install")
class TestRollback(BaseCase):
    """With a real cursor: the cursor of an ``HttpCase`` never rolls back fully."""

    def find(self, cr):
        endpoints = Environment(cr, SUPERUSER_ID, {})["fastapi.endpoint"]
        return endpoints._get_mounts().find("/rolled/back")

    def test_rollback_leaves_no_mount(self):
        """Outside of a request, as in a shell, Odoo resets no cache on rollback."""
        registry = Registry(get_db_name())
        for end in ("rollback", "close"):
            with self.subTest(end), closing(registry.cursor()) as cr:
                self.assertIsNone(self.find(cr))
                Environment(cr, SUPERUSER_ID, {})["fastapi.endpoint"].create(
                    {"name": "Lost", "app": "test", "root_path": "/rolled/back"}
                )
                self.assertTrue(self.find(cr))
                # not before the commit
                with closing(registry.cursor()) as other:
                    self.assertIsNone(self.find(other))
                getattr(cr, end)()
                with closing(registry.cursor()) as other:
                    self.assertIsNone(self.find(other))
