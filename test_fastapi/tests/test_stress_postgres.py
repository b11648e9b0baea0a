# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""PostgreSQL restarts and modules are uninstalled, in a separate database."""

import http.client
import itertools
import threading
import unittest
from collections import Counter

from odoo.tests import get_db_name

from .fault_case import FaultCase
from .own_postgres import OwnPostgres
from .servers import TIMEOUT, Background


class Load:
    """Clients that send requests until :meth:`stop`.

    :param server: receives the requests
    :param clients: number of clients for each kind of request
    """

    def __init__(self, server, clients=4):
        self.server = server
        self._over = threading.Event()
        self._calls = [
            Background(self._call, getattr(self, kind), number)
            for number in range(clients)
            for kind in ("_write", "_stream")
        ]
        #: Names of items whose requests succeeded.
        self.acknowledged = set()
        #: Names of items whose requests failed.
        self.refused = set()
        #: Number of responses of each kind.
        self.responses = Counter()
        self.wrong = []

    def _call(self, send, client):
        for number in range(100_000):
            if self._over.is_set():
                return
            try:
                if not send(f"{send.__name__}-{client}-{number}"):
                    self._over.wait(0.02)  # spare a server in trouble
            except (http.client.HTTPException, OSError) as err:
                self.wrong.append(f"{send.__name__}: {err!r}")

    def _write(self, name):
        response = self.server.request("POST", f"/f/items?name={name}")
        kind = (response.headers.get_content_type(), response.status)
        self.responses[kind] += 1
        (self.acknowledged if response.status == 200 else self.refused).add(name)
        if response.status != 200 and kind not in REFUSALS:
            self.wrong.append(f"{name}: {kind}, {response.body[:200]}")
        return response.status == 200

    def _stream(self, name):
        """Read a stream; its items are acknowledged if it is complete."""
        chunks = [f"{name} {number}" for number in range(3)]
        with self.server.open("GET", f"/f/stream?name={name}") as response:
            try:
                body = response.read().decode()
            except http.client.IncompleteRead:
                self.responses["cut off"] += 1
                return False
        if response.status != 200:
            self.refused.update(chunks)
            return False
        self.responses["stream"] += 1
        self.acknowledged.update(chunks)
        if body.split("\n") != [*chunks, ""]:
            self.wrong.append(f"{name}: {body}")
        return True

    def stop(self):
        self._over.set()
        for call in self._calls:
            call.result(2 * TIMEOUT)


#: Allowed responses while PostgreSQL restarts: the app's; Odoo's without a database,
#: which has no such page; Odoo's when its pool meets a broken connection
#: (``odoo.sql_db.ConnectionPool.borrow``).
REFUSALS = {("application/json", 500), ("text/html", 404), ("text/html", 500)}


class OwnPostgresCase(FaultCase):
    """A server with its separate PostgreSQL."""

    #: Environment variables of the server.
    variables = {}

    @classmethod
    def setUpClass(cls):
        try:
            cls.postgres = OwnPostgres(get_db_name())
        except LookupError as err:
            raise unittest.SkipTest(str(err)) from err
        cls.addClassCleanup(cls.postgres.stop)
        super().setUpClass()

    @classmethod
    def start_server(cls, **options):
        variables = {**cls.postgres.variables, **cls.variables}
        return super().start_server(variables=variables, **options)

    @classmethod
    def connect(cls):
        connection = cls.postgres.connect()
        cls.addClassCleanup(connection.close)
        return connection


class TestRestart(OwnPostgresCase):
    def test_restart_under_load(self):
        self.first.log_again(1_000_000)
        load = Load(self.first)
        self.addCleanup(load.stop)
        modes = ["fast", "immediate"] * self.size(full=10, short=1)
        for mode in modes:
            self.more_acknowledged(load)
            self.postgres.restart(mode)
            type(self).connection = self.connect()
            self.more_acknowledged(load)
        load.stop()
        self.failures += load.wrong
        self.wait_until(self.connections, 0)
        there = set(self.names())
        lost = load.acknowledged - there
        self.failures += [f"acknowledged, but not there: {name}" for name in lost]
        # PostgreSQL may have committed without being able to confirm it
        unsure = sum("self._cnx.commit()" in line for line in list(self.first.log))
        extra = load.refused & there
        if len(extra) > unsure:
            self.failures.append(f"refused, but there: {extra}, {unsure} at a commit")
        self.expect(bool(load.refused), True, "some were refused")
        self.expect_service("restarts")
        tried = sum(load.responses.values())
        self.conclude(f"PostgreSQL restarted {len(modes)} times", tried, self.failures)

    def more_acknowledged(self, load):
        """Wait until requests, including streams, are served again."""
        enough = len(load.acknowledged) + 40
        streams = load.responses["stream"] + 5
        self.wait_until(
            lambda: (
                len(load.acknowledged) >= enough and load.responses["stream"] >= streams
            ),
            True,
        )


class TestModules(OwnPostgresCase):
    """Two servers; one of them installs and uninstalls modules."""

    EXTENSION = "my_demo_api_extension"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.start_server()

    @classmethod
    def modules(cls, server, field):
        found = server.rpc(
            "ir.module.module",
            "search_read",
            [("name", "in", ["my_demo_api", cls.EXTENSION])],
            ["name", field],
        )
        return {module["name"]: module[field] for module in found}

    def change(self, action, module):
        """Install or uninstall a module."""
        module_id = self.modules(self.first, "id")[module]
        method = f"button_immediate_{action}"
        Background(self.first.rpc, "ir.module.module", method, [module_id]).result(120)

    def expect_statuses(self, what, **statuses):
        """Expect the statuses of routes from both servers, without delay."""
        for server in (self.second, self.first):
            for _turn in range(self.size(full=20, short=5)):
                for route, status in statuses.items():
                    response = server.request("GET", f"/my_demo_api/{route}?message=x")
                    self.expect(response.status, status, f"{what}, {route}")
                response = server.request("POST", f"/f/items?name={next(self.numbers)}")
                self.expect(response.status, 200, f"{what}, another endpoint")

    def test_routes_come_and_go_with_their_modules(self):
        turns = self.size(full=3, short=1)
        self.numbers = itertools.count()
        if set(self.modules(self.first, "state").values()) != {"installed"}:
            self.skipTest("The demo modules are not installed.")
        self.expect_statuses("at first", echo=200, echo2=200)
        for _turn in range(turns):
            self.change("uninstall", self.EXTENSION)
            self.expect_statuses("without extension", echo=200, echo2=404)
            if self.full:
                self.change("uninstall", "my_demo_api")
                self.expect_statuses("without both", echo=404, echo2=404)
            self.change("install", self.EXTENSION)
            self.expect_statuses("with both", echo=200, echo2=200)
        self.expect(self.errors(), [], "errors in the log")
        self.conclude("modules installed and uninstalled", turns, self.failures)
