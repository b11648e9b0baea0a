# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import time
import uuid

from odoo.tests import BaseCase, get_db_name, tagged

from .servers import TIMEOUT, OdooServer, connect

LOCK = 4711  # advisory lock of PostgreSQL: handlers wait while a test holds it


@tagged("post_install", "-at_install")
class ServerCase(BaseCase):
    """A server on the database of the tests, and a separate connection."""

    #: Options of the server's configuration.
    options = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dbname = cls.get_dbname()
        cls.first = cls.start_server(**cls.options)
        cls.connection = cls.connect()
        cls.runner_id = cls.first.rpc(
            "res.users", "search", [("login", "=", "test_fastapi_runner")]
        )[0]

    @classmethod
    def get_dbname(cls):
        """Return the name of the database. An override may create another one."""
        return get_db_name()

    @classmethod
    def start_server(cls, **options):
        """Start a server that stops after the tests of the class."""
        server = OdooServer(cls.dbname, **options)
        cls.addClassCleanup(server.stop)
        return server

    @classmethod
    def connect(cls):
        connection = connect(cls.dbname)
        cls.addClassCleanup(connection.close)
        return connection

    def setUp(self):
        super().setUp()
        self.created = []
        self.addCleanup(self.clean_up)

    def clean_up(self):
        if self.created:
            self.first.rpc("fastapi.endpoint", "unlink", self.created)
            self.created.clear()
        # else the next test that sends wrong credentials has to wait
        self.query("DELETE FROM fastapi_auth_failure")
        self.query("DELETE FROM test_fastapi_fault")
        self.query("DELETE FROM test_fastapi_item")

    def query(self, query, *args):
        with self.connection.cursor() as cr:
            cr.execute(query, args)
            return cr.fetchall() if cr.description else None

    def create_endpoint(self, server, root_path, **vals):
        if server.rpc("fastapi.endpoint", "fields_get", ["request_log"], ["type"]):
            # fastapi_request_log adds the id of the request to the body of a 500
            vals.setdefault("request_log", "off")
        (endpoint_id,) = server.rpc(
            "fastapi.endpoint",
            "create",
            [
                {
                    "name": f"Test at {root_path}",
                    "app": "test",
                    "root_path": root_path,
                    "user_id": self.runner_id,
                    "save_http_session": False,
                    **vals,
                }
            ],
        )
        self.created.append(endpoint_id)
        return endpoint_id

    @classmethod
    def allow_demo_app(cls):
        """Let the tests of the class create endpoints of the demo app.

        Odoo offers it if the demo data is loaded, which this record marks.
        """
        rpc = cls.first.rpc
        name = [("module", "=", "fastapi"), ("name", "=", "my_demo_app_user")]
        if not rpc("ir.model.data", "search", name):
            vals = {
                "module": "fastapi",
                "name": "my_demo_app_user",
                "model": "res.users",
                "res_id": cls.runner_id,
            }
            ids = rpc("ir.model.data", "create", [vals])
            cls.addClassCleanup(rpc, "ir.model.data", "unlink", ids)

    def create_item(self, server, root_path):
        name = uuid.uuid4().hex
        return server.request("POST", f"{root_path}/items?name={name}").json()

    def quantity(self, item_id):
        ((quantity,),) = self.query(
            "SELECT quantity FROM test_fastapi_item WHERE id = %s", item_id
        )
        return quantity

    def names(self):
        return [name for (name,) in self.query("SELECT name FROM test_fastapi_item")]

    def wait_until(self, look, expected):
        """Wait until a result is as expected.

        :param look: a query or a function
        """
        deadline = time.monotonic() + TIMEOUT
        while (found := look() if callable(look) else self.query(look)) != expected:
            self.assertLess(time.monotonic(), deadline, f"{found}: not {expected}")

    def connections(self):
        """Return how many connections of the server are in a transaction."""
        ((count,),) = self.query(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s "
            "AND application_name = %s AND state <> 'idle'",
            self.dbname,
            f"odoo-{self.first.pid}",
        )
        return count

    def wait_for_lock(self, waiting, granted=False):
        """Wait until ``waiting`` transactions wait for the lock, or hold it."""
        self.wait_until(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' "
            f"AND objid = {LOCK} AND granted = {granted} AND database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())",
            [(waiting,)],
        )
