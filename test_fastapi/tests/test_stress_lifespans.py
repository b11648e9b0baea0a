# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""An app that hangs at start or stop does not affect other apps."""

from ..models.fastapi_endpoint_lifespan import LIMIT, LOCK
from .servers import Background, OdooServer
from .stress_case import StressCase

#: Replaces all time limits of lifespans, to shorten the tests.
SECONDS = 2


class TestLifespans(StressCase):
    #: Name of the server, for the table.
    kind = "threaded server"

    @classmethod
    def start_server(cls, **options):
        options.setdefault("variables", {LIMIT: str(SECONDS)})
        server = OdooServer(cls.dbname, **options)
        cls.addClassCleanup(server.stop)
        return server

    def setUp(self):
        super().setUp()
        self.addCleanup(self.query, "SELECT pg_advisory_unlock_all()")

    def conclude(self, case, tried, failures):
        return super().conclude(f"{case}, {self.kind}", tried, failures)

    def hold(self):
        self.query("SELECT pg_advisory_lock(%s)", LOCK)

    def create_apps(self, count, name, **vals):
        return [
            self.create_endpoint(
                self.first,
                f"/lifespans/{number}",
                app="test_lifespan",
                name=f"{name} {number}",
                **vals,
            )
            for number in range(count)
        ]

    def check_greeting(self, number, endpoint_id):
        """Return the mistake of a response, or None."""
        response = self.first.request("GET", f"/lifespans/{number}/greeting")
        if (response.status, response.body) != (
            200,
            f'"hello from {endpoint_id}"'.encode(),
        ):
            return f"/lifespans/{number}: {response.status} {response.body}"
        return None

    def test_hanging_start(self):
        self.create_endpoint(
            self.first,
            "/hanging",
            app="test_lifespan",
            name="Hanging",
            description="start",
        )
        endpoints = self.create_apps(self.size(40, 3), "Starting")
        self.hold()
        hanging = [
            Background(self.first.request, "GET", "/hanging/greeting")
            for _client in range(self.size(16, 3))
        ]
        self.wait_for_lock(1)
        others = [
            Background(self.check_greeting, number, endpoint_id)
            for number, endpoint_id in enumerate(endpoints)
        ]
        failures = [failure for other in others if (failure := other.result())]
        self.conclude(
            "first requests of other apps while one hangs at its start",
            len(others),
            failures,
        )
        # after the limit, only the blocked loop waits
        responses = [client.result() for client in hanging]
        responses.append(self.first.request("GET", "/hanging/greeting"))
        self.wait_for_lock(1)
        self.conclude(
            "503 of an app that hangs at its start",
            len(responses),
            [
                response.status
                for response in responses
                if response.status != 503 or not response.headers["Retry-After"]
            ],
        )
        self.query("SELECT pg_advisory_unlock(%s)", LOCK)

        def status():
            return self.first.request("GET", "/hanging/greeting").status

        self.wait_until(status, 200)

    def test_hanging_stop(self):
        count = self.size(20, 3)
        self.check_hanging_stop(count, count, "stop")

    def test_blocking_stop(self):
        """The app blocks the shared loop, which is replaced."""
        self.check_hanging_stop(self.size(20, 3), 1, "blocking stop")

    def check_hanging_stop(self, count, waiting, kind):
        name = f"App with a {kind}"
        endpoints = self.create_apps(count, name, description=kind)
        for number, endpoint_id in enumerate(endpoints):
            self.assertIsNone(self.check_greeting(number, endpoint_id))
        self.hold()
        self.first.rpc("fastapi.endpoint", "write", endpoints, {"name": "New life"})
        failures = [
            failure
            for number, endpoint_id in enumerate(endpoints)
            if (failure := self.check_greeting(number, endpoint_id))
        ]
        self.wait_for_lock(waiting)
        what = f"requests while old apps hang at their {kind}"
        self.conclude(what, count, failures)
        self.query("SELECT pg_advisory_unlock(%s)", LOCK)
        self.wait_until(
            lambda: sum(
                f"The lifespan of {name}" in line for line in self.first.log.copy()
            ),
            count,
        )


class TestEventedLifespans(TestLifespans):
    kind = "evented server"
    options = {"command": "gevent"}
