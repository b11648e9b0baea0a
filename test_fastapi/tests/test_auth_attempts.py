# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Failed attempts to authenticate: counted in all workers, refused after too many."""

import logging
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

from psycopg2.pool import PoolError
from starlette.requests import HTTPConnection

from odoo.tools import config

from odoo.addons.fastapi.auth import attempts, verified

from .basic_case import basic
from .common import RPC_LOGGERS, FastapiHttpCase
from .server_case import LOCK, ServerCase
from .servers import Background, OdooServer

LOGGER = "odoo.addons.fastapi.auth.attempts"
AFTER, DURATION = "base.login_cooldown_after", "base.login_cooldown_duration"


class TestAttempts(FastapiHttpCase):
    """Refused after two failures of a login, or eight of an address."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_parameters(2, 60)
        cls.env.cr.execute("DELETE FROM fastapi_auth_failure")

    @classmethod
    def set_parameters(cls, after, duration):
        parameters = cls.env["ir.config_parameter"].sudo()
        parameters.set_param(AFTER, after)
        parameters.set_param(DURATION, duration)

    def setUp(self):
        super().setUp()
        self.mute(*RPC_LOGGERS)
        self.startPatcher(patch.dict(config.options, {"proxy_mode": True}))
        self.startPatcher(patch.object(verified, "_memory", verified._Memory()))

    def send(self, login, password="wrong", address="192.0.2.1"):
        headers = {"X-Forwarded-For": address, "X-Forwarded-Host": "api.example"}
        return self.get("/test/partner", auth=(login, password), headers=headers)

    def statuses(self, *sent):
        return [self.send(*each).status_code for each in sent]

    def failures(self):
        rows = self.env["fastapi.auth.failure"].search([], order="failures")
        return rows.mapped("failures")

    def connection(self, host):
        client = None if host is None else (host, 1)
        return HTTPConnection({"type": "http", "headers": [], "client": client})

    def fails(self, host, subject):
        """Count a failure, and return whether the next attempt is refused."""
        connection = self.connection(host)
        attempts.failed(self.env, connection, subject)
        self.env.cr.postrollback.run()
        self.env.cr.postcommit.clear()
        try:
            attempts.check(self.env, connection, subject)
        except attempts.TooManyAttempts:
            return True
        return False

    def test_too_many_failures_of_a_login(self):
        self.assertEqual(self.statuses(("ann",), ("ann",)), [401, 401])
        for password in ("wrong", "another"):
            response = self.send("ann", password)
            self.assertEqual(response.status_code, 429)
            self.assertEqual(
                response.json(),
                {"detail": "Too many failed attempts. Try again later."},
            )
            self.assertIn(int(response.headers["Retry-After"]), range(1, 61))
            self.assertNotIn("WWW-Authenticate", response.headers)
        # refused attempts are not counted
        self.assertEqual(self.failures(), [2, 2])

    def test_other_logins_and_addresses(self):
        login, password = self.caller_auth
        self.statuses(*[("caller@test",)] * 3)
        self.assertEqual(self.statuses((login, password)), [429])
        # the same address, another login
        self.assertEqual(self.statuses(("bob",)), [401])
        # the same login, another address
        self.assertEqual(self.statuses((login, password, "192.0.2.2")), [200])
        # now the credential is remembered, for all addresses
        self.assertEqual(self.statuses((login, password)), [200])
        self.assertEqual(self.statuses((login, "wrong")), [429])

    def test_case_of_the_login(self):
        self.assertEqual(self.statuses(("ann",), ("Ann",), ("ANN",)), [401, 401, 429])

    def test_too_many_failures_of_an_address(self):
        sent = [(f"login {number}",) for number in range(8)]
        self.assertEqual(self.statuses(*sent), [401] * 8)
        self.assertEqual(self.statuses(("another",), self.caller_auth), [429] * 2)
        self.assertEqual(
            self.statuses((*self.caller_auth, "192.0.2.2")),
            [200],
        )

    def test_texts_that_are_not_passwords_are_not_counted(self):
        for password in ("", "x" * 5000, "\0"):
            self.assertEqual(self.send("ann", password).status_code, 401)
        self.assertEqual(self.get("/test/partner").status_code, 401)
        self.assertEqual(self.failures(), [])

    def test_success_is_not_counted(self):
        self.assertEqual(self.statuses(self.caller_auth, self.caller_auth), [200] * 2)
        self.assertEqual(self.failures(), [])

    def test_failures_expire(self):
        self.statuses(("ann",), ("ann",))
        self.expire_in(20)
        response = self.send("ann")
        self.assertEqual(response.status_code, 429)
        self.assertIn(int(response.headers["Retry-After"]), range(1, 21))
        self.expire_in(0)
        # the count starts again
        self.assertEqual(self.statuses(("ann",), ("ann",), ("ann",)), [401, 401, 429])
        self.assertEqual(self.failures(), [2, 2])

    def expire_in(self, seconds):
        self.env.cr.execute(
            "UPDATE fastapi_auth_failure SET expiration = "
            "clock_timestamp() AT TIME ZONE 'UTC' + %s * interval '1 second'",
            [seconds],
        )

    def test_old_rows_are_removed(self):
        self.statuses(("ann",), ("bob",))
        model = self.env["fastapi.auth.failure"]
        model._gc_failures()
        self.assertEqual(self.failures(), [1, 1, 2])
        self.env.cr.execute(
            "UPDATE fastapi_auth_failure SET expiration = expiration "
            "- interval '1 minute' WHERE failures = 1"
        )
        model._gc_failures()
        self.env.invalidate_all()
        self.assertEqual(self.failures(), [2])

    def test_parameters(self):
        self.set_parameters(1, 600)
        self.assertEqual(self.statuses(("ann",), ("ann",)), [401, 429])
        self.assertIn(int(self.send("ann").headers["Retry-After"]), range(61, 601))
        self.set_parameters(0, 600)
        self.assertEqual(self.statuses(*[("ann",)] * 3), [401] * 3)
        self.assertEqual(self.failures(), [1, 1])

    def test_parameters_that_are_not_numbers(self):
        self.set_parameters("many", "long")
        with self.assertLogs("odoo.addons.fastapi", "WARNING") as logs:
            self.assertEqual(self.send("caller@test").status_code, 401)
        self.assertIn(
            "base.login_cooldown_after is 'many', which is not", logs.output[0]
        )
        self.set_parameters(1, "9" * 20)  # more than PostgreSQL can add to a date
        self.assertEqual(self.send("another@test").status_code, 401)
        response = self.send("another@test")
        self.assertEqual(response.status_code, 429)
        self.assertLessEqual(int(response.headers["Retry-After"]), 24 * 60 * 60)

    def test_counter_of_odoo_is_unchanged(self):
        self.statuses(*[(f"login {number}",) for number in range(4)])
        login, password = self.caller_auth
        uid = self.xmlrpc_common.authenticate(self.env.cr.dbname, login, password, {})
        self.assertEqual(uid, self.caller.id)
        self.assertNotIn("192.0.2.1", getattr(self.registry, "_login_failures", {}))

    def test_addresses(self):
        for first, second, same in (
            ("192.0.2.1", "192.0.2.2", False),
            ("2001:db8::1", "2001:db8::ffff:2", True),
            ("2001:db8::1", "2001:db8:0:1::1", False),
            ("192.0.2.3", "::ffff:192.0.2.3", True),
            ("::1", "::ffff:192.0.2.4", False),
            # some proxies add the port of the client
            ("192.0.2.5:1000", "192.0.2.5:2000", True),
            ("192.0.2.6:1000", "192.0.2.7:1000", False),
            ("[2001:db8:0:2::1]:1000", "2001:db8:0:2::2", True),
            ("fe80::1%eth0", "fe80::2%eth0", True),
            ("testclient", "another", False),
            ("", "192.0.2.5", False),
        ):
            with self.subTest(first=first, second=second):
                self.env.cr.execute("DELETE FROM fastapi_auth_failure")
                self.assertFalse(self.fails(first, "ann"))
                self.assertIs(self.fails(second, "ann"), same)

    def test_unknown_address(self):
        self.assertFalse(self.fails(None, "ann"))
        self.assertTrue(self.fails(None, "ann"))
        self.assertFalse(self.fails("192.0.2.1", "ann"))

    def test_subjects_with_special_characters(self):
        for subject in ("", "\0", "é😀", "\udc80", "x" * 10_000):
            self.assertFalse(self.fails("192.0.2.1", subject))

    def test_texts_are_not_stored(self):
        self.fails("192.0.2.1", "ann@example.com")
        self.env.cr.execute("SELECT * FROM fastapi_auth_failure")
        rows = repr(self.env.cr.fetchall())
        for text in ("ann", "192.0"):
            self.assertNotIn(text, rows)
        keys = self.env["fastapi.auth.failure"].search([]).mapped("key")
        # with the secret of another database, the keys differ
        self.env["ir.config_parameter"].sudo().set_param("database.secret", "x")
        self.fails("192.0.2.1", "ann@example.com")
        others = self.env["fastapi.auth.failure"].search([]).mapped("key")
        self.assertEqual(len(others), 4)
        self.assertLess(set(keys), set(others))

    def test_counted_after_a_commit(self):
        """An app may handle the failure and commit."""
        attempts.failed(self.env, self.connection("192.0.2.1"), "ann")
        self.env.cr.postrollback.clear()
        self.assertEqual(self.failures(), [])
        self.env.cr.postcommit.run()
        self.assertEqual(self.failures(), [1, 1])

    def test_no_connection(self):
        attempts.failed(self.env, self.connection("192.0.2.1"), "ann")
        self.env.cr.postcommit.clear()
        full = PoolError("The Connection Pool Is Full")
        with (
            patch.object(self.registry, "cursor", side_effect=full),
            self.assertLogs("odoo.addons.fastapi", "WARNING") as log,
        ):
            self.env.cr.postrollback.run()
        self.assertEqual(len(log.output), 1)
        self.assertIn("The Connection Pool Is Full", log.output[0])
        self.assertNotIn("ann", log.output[0])

    def test_log(self):
        self.statuses(("ann@log",), ("ann@log",))
        with self.assertLogs(LOGGER, logging.INFO) as log:
            self.send("ann@log")
        self.assertEqual(len(log.output), 1)
        self.assertIn("192.0.2.1", log.output[0])
        self.assertNotIn("ann@log", log.output[0])


class TestServers(ServerCase):
    options = {"proxy_mode": True}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.start_server(**cls.options)
        parameters = "ir.config_parameter"
        for name, value in ((AFTER, 3), (DURATION, 120)):
            before = cls.first.rpc(parameters, "get_param", name)
            cls.addClassCleanup(cls.first.rpc, parameters, "set_param", name, before)
            cls.first.rpc(parameters, "set_param", name, value)

    def setUp(self):
        super().setUp()
        self.create_endpoint(self.first, "/attempts")

    def send(self, server, login="ann", password="wrong", address="192.0.2.1"):
        headers = {
            **basic(login, password),
            "X-Forwarded-For": address,
            "X-Forwarded-Host": "api.example",
        }
        return server.request("GET", "/attempts/partner", headers=headers)

    def test_counted_over_all_workers(self):
        for server in (self.first, self.second, self.first):
            self.assertEqual(self.send(server).status, 401)
        for server in (self.first, self.second):
            response = self.send(server)
            self.assertEqual(response.status, 429)
            self.assertIn(int(response.headers["Retry-After"]), range(61, 121))
        right = self.send(self.second, "admin", "admin")
        self.assertEqual(right.status, 200)
        other = self.send(self.second, address="192.0.2.2")
        self.assertEqual(other.status, 401)

    def test_right_credential_of_another_address(self):
        for server in (self.first, self.second, self.first):
            self.send(server, "admin")
        self.assertEqual(self.send(self.first, "admin").status, 429)
        other = self.send(self.first, "admin", "admin", "192.0.2.2")
        self.assertEqual(other.status, 200)

    def test_failures_at_the_same_time(self):
        """All are counted, and no one is refused because of another one."""
        with ThreadPoolExecutor(8) as pool:
            servers = [self.first, self.second] * 6
            sent = [
                pool.submit(self.send, server, f"login {number}")
                for number, server in enumerate(servers)
            ]
            statuses = [future.result().status for future in sent]
        self.assertEqual(statuses, [401] * 12)
        rows = self.query("SELECT failures FROM fastapi_auth_failure ORDER BY failures")
        self.assertEqual(rows, [(1,)] * 12 + [(12,)])
        for server in (self.first, self.second):
            self.assertFalse([line for line in server.log if "not counted" in line])

    def test_full_pool(self):
        """The client gets its response, and the log says that nothing is counted."""
        server = OdooServer(self.dbname, db_maxconn=2)
        self.addCleanup(server.stop)
        item_id = self.create_item(server, "/attempts")
        self.query("SELECT pg_advisory_lock(%s)", LOCK)
        self.addCleanup(self.query, "SELECT pg_advisory_unlock_all()")
        path = f"/attempts/overlap/{item_id}?lock={LOCK}"
        call = Background(server.request, "POST", path)
        self.wait_for_lock(1)
        self.assertEqual(self.send(server).status, 401)
        self.query("SELECT pg_advisory_unlock(%s)", LOCK)
        self.assertEqual(call.result().status, 200)
        server.stop()
        log = "".join(server.log)
        self.assertEqual(log.count("is not counted: The Connection Pool Is Full"), 1)
        self.assertNotIn("Traceback", log)
        self.assertEqual(self.query("SELECT * FROM fastapi_auth_failure"), [])
