# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The addons beside ``fastapi`` are installed and uninstalled under load."""

import itertools
import threading
from collections import Counter

from odoo.tests import get_db_name

from .fault_case import FaultCase
from .servers import Background, create_database, drop_database

#: Seconds for Odoo to install or uninstall an addon.
CHANGE_TIMEOUT = 120
CLIENTS = 4


class TestAddonsUnderLoad(FaultCase):
    """Clients call two workers all the time, in a separate database."""

    options = {"workers": 2, "max_cron_threads": 0}

    @classmethod
    def get_dbname(cls):
        dbname = f"{get_db_name()}-addons"
        cls.addClassCleanup(drop_database, dbname)
        code, log = create_database(dbname, "test_fastapi")
        if code:
            raise RuntimeError(log)
        return dbname

    def setUp(self):
        super().setUp()
        self.over = threading.Event()
        #: Responses by status.
        self.responses = Counter()
        self.numbers = itertools.count()
        self.clients = [Background(self.call_always) for _number in range(CLIENTS)]
        self.addCleanup(self.stop)

    def stop(self):
        self.over.set()
        for client in self.clients:
            client.result()

    def call_always(self):
        """Read and write until the test ends."""
        while not self.over.is_set():
            path = f"/f/items?name={next(self.numbers)}"
            response = self.first.request("POST", path, timeout=CHANGE_TIMEOUT)
            self.responses[response.status] += 1
            if response.status != 200:
                text = f"{response.status}, {response.body[:300]}"
                self.failures.append(f"POST {path}: {text}")

    def change(self, addon, action):
        """Install or uninstall an addon, and wait for more responses afterwards."""
        rpc = self.first.rpc
        ids = rpc("ir.module.module", "search", [("name", "=", addon)])
        method = f"button_immediate_{action}"
        change = Background(rpc, "ir.module.module", method, ids)
        change.result(CHANGE_TIMEOUT)
        enough = self.responses.total() + 100
        self.wait_until(lambda: self.responses.total() >= enough, True)

    def has_table(self, table):
        ((found,),) = self.query("SELECT to_regclass(%s) IS NOT NULL", table)
        return found

    def check(self, addon, table, has_rows):
        """Check that no client notices the addon.

        :param table: a table of the addon
        :param has_rows: whether the requests of the clients make rows in it
        """
        turns = self.size(full=3, short=1)
        self.wait_until(lambda: self.responses.total() >= 100, True)
        for _turn in range(turns):
            self.change(addon, "install")
            self.expect(self.has_table(table), True, "the table is there")
            if has_rows:
                self.wait_until(f"SELECT count(*) > 0 FROM {table}", [(True,)])
            self.change(addon, "uninstall")
            self.expect(self.has_table(table), False, "the table is there")
        self.stop()
        self.expect(self.errors(), [], "errors in the log")
        tried = self.responses.total()
        self.conclude(f"{addon} comes and goes {turns} times", tried, self.failures)

    def test_request_log(self):
        self.check("fastapi_request_log", "fastapi_request_total", has_rows=True)

    def test_limits(self):
        self.check("fastapi_limits", "fastapi_rate_count", has_rows=False)
