# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Background tasks of acknowledged requests run despite database problems."""

from contextlib import ExitStack

from .fault_case import FaultCase
from .servers import TIMEOUT, Background
from .test_stress_postgres import OwnPostgresCase
from .test_tasks import SIZE, WAITING

CLIENTS = 8
#: Number of tasks that wait for PostgreSQL at once.
TASKS = 4


class FullPoolMixin:
    """More clients than connections in the pool."""

    def check(self, server):
        self.first.log_again(1_000_000)
        calls = self.size(full=100, short=20)
        clients = [
            Background(self.call_often, number, calls) for number in range(CLIENTS)
        ]
        acknowledged = {
            name for client in clients for name in client.result(10 * TIMEOUT)
        }
        self.wait_until(lambda: len(acknowledged - set(self.names())), 0)
        self.wait_until(self.connections, 0)
        self.expect(
            [line for line in list(self.first.log) if "Background task" in line],
            [],
            "tasks in the log",
        )
        self.expect_service("full pool")
        self.conclude(
            f"tasks with a full pool, {server} server", len(acknowledged), self.failures
        )

    def call_often(self, client, calls):
        """Return the names of the items that acknowledged tasks will create."""
        acknowledged = []
        for number in range(calls):
            name = f"{client}-{number}"
            response = self.first.request("POST", f"/f/late/task?name={name}")
            if response.status == 200:
                acknowledged.append(name)
        return acknowledged


class TestFullPoolThreaded(FullPoolMixin, FaultCase):
    options = {"db_maxconn": 3}

    def test_full_pool(self):
        self.check("threaded")


class TestFullPoolPrefork(FullPoolMixin, FaultCase):
    options = {"db_maxconn": 2, "workers": 2}

    def test_full_pool(self):
        self.check("prefork")


class TestFullPoolEvented(FullPoolMixin, FaultCase):
    options = {"db_maxconn": 3, "command": "gevent"}

    def test_full_pool(self):
        self.check("evented")


class PostgresAwayMixin:
    """PostgreSQL stops before the tasks run, and starts again."""

    def check(self, server):
        turns = self.size(full=10, short=1)
        names = set()
        for turn in range(turns):
            self.first.log_again(100_000)
            with ExitStack() as stack:
                for number in range(TASKS):
                    name = f"{turn}-{number}"
                    path = f"/f/late/task?name={name}&size={SIZE}"
                    status = stack.enter_context(self.first.open_slowly("POST", path))
                    self.expect(status, 200, name)
                    names.add(name)
                self.postgres.halt("fast" if turn % 2 else "immediate")
            self.wait_until(
                lambda: sum(WAITING in line for line in list(self.first.log)), TASKS
            )
            self.postgres.start()
            type(self).connection = self.connect()
            self.wait_until(lambda: len(names - set(self.names())), 0)
        self.expect_service("PostgreSQL is back")
        self.conclude(
            f"tasks while PostgreSQL is away, {server} server",
            len(names),
            self.failures,
        )


class TestPostgresAwayThreaded(PostgresAwayMixin, OwnPostgresCase):
    def test_tasks(self):
        self.check("threaded")


class TestPostgresAwayPrefork(PostgresAwayMixin, OwnPostgresCase):
    # by default, a worker drops a client that reads nothing for two seconds
    variables = {"ODOO_HTTP_SOCKET_TIMEOUT": str(TIMEOUT)}
    options = {"workers": TASKS}

    def test_tasks(self):
        self.check("prefork")


class TestPostgresAwayEvented(PostgresAwayMixin, OwnPostgresCase):
    options = {"command": "gevent"}

    def test_tasks(self):
        self.check("evented")
