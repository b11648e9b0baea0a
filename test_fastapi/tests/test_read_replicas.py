# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Endpoints with ``readonly`` in their routing info.

With ``--dev=replica``, Odoo uses the same database as its replica, on read-only
connections.
"""

import uuid

from .common import FastapiHttpCase
from .server_case import ServerCase


class TestReadReplicas(ServerCase):
    options = {"dev_mode": "replica"}

    def setUp(self):
        super().setUp()
        self.create_endpoint(self.first, "/replica", test_routing={"readonly": True})

    def call(self, method, path):
        return self.first.request(method, f"/replica{path}")

    def test_readonly_endpoint_reads_from_the_replica(self):
        self.create_endpoint(self.first, "/primary")
        for root_path, expected in (("/replica", True), ("/primary", False)):
            with self.subTest(root_path):
                response = self.first.request("GET", f"{root_path}/cursor").json()
                self.assertIs(response, expected)

    def test_write_is_repeated_on_the_primary(self):
        response = self.call("POST", "/items?name=written")
        self.assertEqual(response.status, 200)
        self.assertEqual(self.names(), ["written"])
        response = self.call("POST", "/items?name=refused&error=user")
        self.assertEqual(response.status, 400)
        self.assertEqual(self.names(), ["written"])

    def test_swallowed_write_is_repeated_on_the_primary(self):
        for refuse in (False, True):
            with self.subTest(refuse=refuse):
                name = f"refuse {refuse}"
                path = f"/late/swallow/write?name=refuse%20{refuse}&refuse={refuse}"
                self.assertEqual(self.call("POST", path).status, 200)
                self.assertIn(name, self.names())

    def test_readonly_by_method(self):
        self.create_endpoint(
            self.first, "/gets", test_routing={"readonly_methods": ["GET"]}
        )
        for method, expected in (("GET", b"true"), ("POST", b"false")):
            with self.subTest(method):
                response = self.first.request(method, "/gets/cursor")
                self.assertEqual(response.body, expected)

    def test_app_whose_build_writes(self):
        self.create_endpoint(
            self.first,
            "/writes",
            app="test_breakable",
            description="write",
            test_routing={"readonly": True},
        )
        response = self.first.request("GET", "/writes/identity")
        self.assertEqual(response.status, 200)
        self.assertEqual(self.names(), ["made by a build"])

    def test_stream_that_writes_after_its_first_chunk(self):
        key = f"test_fastapi.{uuid.uuid4().hex}"
        self.addCleanup(self.first.rpc, "ir.config_parameter", "set_param", key, False)
        response = self.call("GET", f"/stream/parameter?key={key}&value=after")
        self.assertEqual(response.body, b"False\nafter\n")
        found = self.first.rpc("ir.config_parameter", "get_param", key)
        self.assertEqual(found, "after")
        self.wait_until(self.connections, 0)

    def test_task_that_writes(self):
        response = self.call("POST", "/tasks/response?name=late")
        self.assertEqual(response.status, 202)
        self.wait_until(self.names, ["late by a task"])


class TestReadOnlyTestCursor(FastapiHttpCase):
    """In HTTP tests, Odoo makes the cursor read-only for readonly routes."""

    def test_requests(self):
        self._create_endpoint("/replica", test_routing={"readonly": True})
        self.assertIs(self.get("/replica/cursor").json(), True)
        response = self.get("/replica/stream/bytes?size=1024&chunk=256")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(len(response.content), 1024)
        self.mute("odoo.http", "odoo.sql_db")
        response = self.post("/replica/items?name=written")
        self.assertEqual(response.status_code, 200)
        item = self.env["test.fastapi.item"].browse(response.json())
        self.assertEqual(item.name, "written")
