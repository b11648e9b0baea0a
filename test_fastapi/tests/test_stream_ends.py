# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Why the server ends streams of events, as it closes WebSockets."""

import http.client
import time
import uuid
from contextlib import suppress

from .server_case import ServerCase
from .servers import TIMEOUT


class TestChanges(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.servers = [
            cls.first,
            cls.start_server(command="gevent"),
            cls.start_server(workers=3),  # two streams occupy two workers
        ]

    def setUp(self):
        super().setUp()
        self.endpoint_id = self.create_endpoint(self.first, "/w")
        self.create_endpoint(self.first, "/other")

    def open(self, path, server, route="events", kind="sleep"):
        """Open a stream that never ends by itself, and read its first event."""
        self.name = uuid.uuid4().hex
        query = f"name={self.name}&kind={kind}"
        response = self.enterContext(
            server.open("GET", f"{path}/waits/{route}?{query}")
        )
        self.assertEqual(response.status, 200)
        self.assertTrue(response.read1())
        return response

    def wait_for_end(self, response):
        deadline = time.monotonic() + TIMEOUT
        with suppress(http.client.IncompleteRead, ConnectionResetError):
            while response.read1():  # FastAPI sends comments
                self.assertLess(time.monotonic(), deadline)

    def check(self, change):
        """Change the endpoint; its streams end, on all servers, and others go on."""
        found = [self.open("/w", server) for server in self.servers]
        others = [self.open("/other", server, kind="read") for server in self.servers]
        change()
        for response in found:
            self.wait_for_end(response)
        for response in others:
            # more than what is on its way
            for _number in range(100):
                self.assertTrue(response.readline())

    def test_changed_endpoint(self):
        self.check(
            lambda: self.first.rpc(
                "fastapi.endpoint", "write", self.endpoint_id, {"name": "changed"}
            )
        )
        self.open("/w", self.first)  # of the new app

    def test_archived_endpoint(self):
        self.check(
            lambda: self.servers[1].rpc(
                "fastapi.endpoint", "write", self.endpoint_id, {"active": False}
            )
        )

    def test_deleted_endpoint(self):
        def delete():
            self.created.remove(self.endpoint_id)
            self.first.rpc("fastapi.endpoint", "unlink", self.endpoint_id)

        self.check(delete)

    def test_upgraded_addon(self):
        """Odoo loads the registry again, with the code of all addons."""
        found = [self.open("/w", server) for server in self.servers]
        self.query("INSERT INTO orm_signaling_registry DEFAULT VALUES")
        for response in found:
            self.wait_for_end(response)

    def test_how_it_ends(self):
        """The app ends as after a disconnect, and nothing is logged."""
        self.first.log_again()
        response = self.open("/w", self.first, kind="event")
        self.wait_until(lambda: self.name in self.get("/started"), True)
        self.first.rpc(
            "fastapi.endpoint", "write", self.endpoint_id, {"name": "changed"}
        )
        self.wait_for_end(response)
        self.wait_until(lambda: f"{self.name} cancelled" in self.get("/ended"), True)
        self.wait_until(self.connections, 0)
        log = "".join(self.first.log)
        self.assertNotIn("A stream failed", log)
        self.assertNotIn("Traceback", log)

    def test_downloads_go_on(self):
        """Clients of other streams don't connect again by themselves."""
        download = self.open("/w", self.first, "stream", "read")
        events = self.open("/w", self.first)
        self.first.rpc(
            "fastapi.endpoint", "write", self.endpoint_id, {"name": "changed"}
        )
        self.wait_for_end(events)
        for _number in range(100):
            self.assertTrue(download.readline())

    def get(self, path):
        return self.first.request("GET", f"/other/waits{path}").json()
