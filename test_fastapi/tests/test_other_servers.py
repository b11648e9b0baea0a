# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The prefork and the evented server; all other tests use the threaded server."""

from .server_case import ServerCase
from .servers import Background, OdooServer


class TestStop(ServerCase):
    def test_lifespan_ends_when_the_server_stops(self):
        for options in ({}, {"workers": 2}):
            with self.subTest(options):
                server = OdooServer(self.dbname, **options)
                self.addCleanup(server.stop)
                title = f"Stopped {len(options)}"
                self.create_endpoint(self.first, f"/stop{len(options)}", name=title)
                path = f"/stop{len(options)}/process"
                response = server.request("GET", path)
                self.assertEqual(response.json()["state"], title)
                self.assertIs(response.json()["request_at_start"], False)
                server.stop()
                line = f"The lifespan of {title} ends"
                self.assertEqual(sum(line in entry for entry in server.log), 1)


class OtherServerCase(ServerCase):
    def check(self):
        self.create_endpoint(self.first, "/o")
        response = self.first.request("GET", "/o/process")
        self.assertEqual(response.json()["dbname"], self.dbname)
        response = self.first.request("GET", "/o/stream?name=stream")
        self.assertEqual(response.body, b"stream 0\nstream 1\nstream 2\n")
        response = self.first.request("POST", "/o/tasks/response?name=task")
        self.assertEqual(response.status, 202)
        self.wait_until(lambda: "task by a task" in self.names(), True)
        response = self.first.request("POST", "/o/items?name=lost&error=user")
        self.assertEqual(response.status, 400)
        calls = [
            Background(
                self.first.request, "POST", f"/o/items{kind}?name={kind}{number}"
            )
            for kind in ("", "/async")
            for number in range(10)
        ]
        self.assertEqual({call.result().status for call in calls}, {200})
        names = self.names()
        self.assertEqual(len(names), 4 + 1 + 20)
        self.assertNotIn("lost", names)


class TestPreforkServer(OtherServerCase):
    options = {"workers": 2}

    def test_prefork_server(self):
        self.check()


class TestEventedServer(OtherServerCase):
    options = {"command": "gevent"}

    def test_evented_server(self):
        self.check()
