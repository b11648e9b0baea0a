# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""HTTP Basic with two workers, on a replica, and in the log."""

import statistics
import time

from .basic_case import basic
from .server_case import ServerCase
from .servers import OdooServer

RETRIED = "retrying with a read/write cursor"


class TestServers(ServerCase):
    """Two workers, each with its own memory."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.start_server()
        cls.login = "basic@servers"
        cls.user_id = cls.first.rpc(
            "res.users",
            "create",
            {"name": "Basic", "login": cls.login, "password": "first secret"},
        )
        cls.addClassCleanup(cls.first.rpc, "res.users", "unlink", [cls.user_id])

    def setUp(self):
        super().setUp()
        self.create_endpoint(self.first, "/basic")
        self.write_user(login=self.login, password="first secret", active=True)

    def write_user(self, **vals):
        self.first.rpc("res.users", "write", [self.user_id], vals)

    def status(self, server, password="first secret", login=None, path="/basic"):
        headers = basic(login or self.login, password)
        return server.request("GET", f"{path}/partner", headers=headers).status

    def statuses(self, **kwargs):
        return [self.status(server, **kwargs) for server in (self.first, self.second)]

    def test_changes_count_in_other_workers(self):
        for change, expected in (
            ({"password": "second secret"}, [401, 401]),
            ({"password": "first secret"}, [200, 200]),
            ({"login": "renamed@servers"}, [401, 401]),
            ({"login": self.login}, [200, 200]),
            ({"active": False}, [401, 401]),
            ({"active": True}, [200, 200]),
        ):
            with self.subTest(change):
                self.query("DELETE FROM fastapi_auth_failure")
                self.write_user(**change)
                self.assertEqual(self.statuses(), expected)

    def test_time_of_later_calls(self):
        """A call that hashes takes much longer than one that does not."""
        times = {}
        for password, status in (("first secret", 200), ("wrong", 401)):
            self.status(self.first, password)
            times[status] = []
            for _call in range(3):
                start = time.perf_counter()
                self.assertEqual(self.status(self.first, password), status)
                times[status].append(time.perf_counter() - start)
        right, wrong = (statistics.median(times[status]) for status in (200, 401))
        self.assertLess(right, wrong / 2)

    def test_replica(self):
        server = OdooServer(self.dbname, dev_mode="replica")
        self.addCleanup(server.stop)
        self.create_endpoint(self.first, "/replica", test_routing={"readonly": True})
        cursor = server.request("GET", "/replica/cursor")
        self.assertEqual(cursor.body, b"true")
        for password, status in (
            ("first secret", 200),
            ("first secret", 200),
            ("wrong", 401),
        ):
            found = self.status(server, password, path="/replica")
            self.assertEqual(found, status)
        server.stop()
        self.assertNotIn(RETRIED, "".join(server.log))
        rows = self.query("SELECT failures FROM fastapi_auth_failure")
        self.assertEqual(rows, [(1,), (1,)])

    def test_no_login_is_recorded(self):
        self.assertEqual(self.statuses(), [200, 200])
        rows = self.query(
            "SELECT count(*) FROM res_users_log WHERE create_uid = %s", self.user_id
        )
        self.assertEqual(rows, [(0,)])

    def test_no_credential_in_the_log(self):
        server = OdooServer(self.dbname, log_handler=":DEBUG")
        self.addCleanup(server.stop)
        server.log_again(100_000)
        secrets = []
        for password in ("first secret", "first secret", "wr0ng s3cr3t", "x" * 5000):
            header = basic(self.login, password)["Authorization"]
            secrets += [password, header.removeprefix("Basic ")]
            self.status(server, password)
        server.stop()
        self.assertTrue([line for line in server.log if "odoo.sql_db" in line])
        self.assertTrue([line for line in server.log if "DEBUG" in line])
        for secret in secrets:
            self.assertFalse([line for line in server.log if secret in line])
