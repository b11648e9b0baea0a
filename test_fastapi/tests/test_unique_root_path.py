# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Equal root paths that only the unique index can detect."""

import xmlrpc.client

from odoo.api import SUPERUSER_ID, Environment
from odoo.modules.registry import Registry

from .server_case import ServerCase
from .servers import Background


class TestUniqueRootPath(ServerCase):
    def values(self, name, root_path, **vals):
        return {
            "name": name,
            "app": "test",
            "root_path": root_path,
            "user_id": self.runner_id,
            **vals,
        }

    def create_all(self, *vals_list):
        ids = self.first.rpc("fastapi.endpoint", "create", list(vals_list))
        self.created += ids
        return ids

    def assert_refused(self, root_path, call):
        with self.assertRaises(xmlrpc.client.Fault) as raised:
            call()
        message = raised.exception.faultString
        self.assertIn("Another endpoint is already mounted there", message)
        self.assertIn(f"({root_path})", message)

    def endpoints(self, root_path):
        return self.query(
            "SELECT name FROM fastapi_endpoint WHERE root_path = %s", root_path
        )

    def test_equal_paths_in_one_call(self):
        twice = (self.values("One", "/twice"), self.values("Two", " twice//"))
        self.assert_refused("/twice", lambda: self.create_all(*twice))
        self.assertEqual(self.endpoints("/twice"), [])
        # archived endpoints may share a root path
        one, two = twice
        self.create_all(one, {**two, "active": False})
        self.assertEqual(len(self.endpoints("/twice")), 2)

    def test_equal_paths_in_concurrent_transactions(self):
        self.check_concurrent(
            lambda: self.create_all(self.values("Loser", "/contested")),
        )

    def test_equal_path_by_a_concurrent_write(self):
        (loser,) = self.create_all(self.values("Loser", "/before"))
        write = ("fastapi.endpoint", "write", [loser], {"root_path": "/contested"})
        self.check_concurrent(lambda: self.first.rpc(*write))
        self.assertEqual(self.endpoints("/before"), [("Loser",)])

    def check_concurrent(self, call):
        """Expect a call to be refused if another transaction commits first."""
        registry = Registry(self.dbname)
        cr = registry.cursor()
        self.addCleanup(cr.close)
        env = Environment(cr, SUPERUSER_ID, {})
        winner = env["fastapi.endpoint"].create(self.values("Winner", "/contested"))
        env.flush_all()
        cr.execute("SELECT pg_backend_pid()")
        ((pid,),) = cr.fetchall()

        background = Background(call)
        # the call's search finds nothing; the index makes it wait for this transaction
        self.wait_until(
            lambda: self.query(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s "
                "AND %s = ANY(pg_blocking_pids(pid))",
                f"odoo-{self.first.pid}",
                pid,
            ),
            [(1,)],
        )
        self.created.append(winner.id)
        cr.commit()  # pylint: disable=invalid-commit
        self.assert_refused("/contested", background.result)
        self.assertEqual(self.endpoints("/contested"), [("Winner",)])
        response = self.first.request("GET", "/contested/openapi.json")
        self.assertEqual(response.json()["info"]["title"], "Winner")
