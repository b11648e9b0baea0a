# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from contextlib import suppress

import psycopg2

from odoo.api import SUPERUSER_ID, Environment
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger

from ..resting_cursors import may_rest, rest
from ..transaction_errors import remember_errors


@tagged("post_install", "-at_install")
class TestRestingCursors(BaseCase):
    """On real cursors: their internals may change in Odoo."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.cr = self.registry.cursor()
        self.pool = self.cr._Cursor__pool
        self.addCleanup(self.cr.close)
        self.env = Environment(self.cr, SUPERUSER_ID, {})
        self.env.transaction.default_env = self.env
        self.partner = self.env.ref("base.main_partner")
        self.opened = 0

    def rest(self):
        self.assertTrue(may_rest(self.cr))
        rest(self.cr, self._open_cursor)

    def _open_cursor(self):
        self.opened += 1
        return self.registry.cursor()

    def _pid(self):
        self.cr.execute("SELECT pg_backend_pid()")
        return self.cr.fetchone()[0]

    def _used(self):
        """Return how many connections of the pool are in use."""
        pool = self.pool
        return sum(connection._pool_in_use for connection in pool._connections)

    def _set_name(self, name):
        """Change the partner in another transaction."""
        with self.registry.cursor() as cr:
            cr.execute(
                "UPDATE res_partner SET name = %s WHERE id = %s",
                (name, self.partner.id),
            )

    def test_connection_is_given_back_and_taken(self):
        self._pid()
        pool = self.pool
        before = sum(connection._pool_in_use for connection in pool._connections)
        self.rest()
        during = sum(connection._pool_in_use for connection in pool._connections)
        self.assertEqual(during, before - 1)
        self.assertFalse(self.cr.closed)
        self.assertTrue(self._pid())
        self.assertEqual(self.opened, 1)
        self.assertEqual(self._used(), before)

    def test_connection_is_lost_when_it_is_given_back(self):
        remember_errors(self.cr)
        pid = self._pid()
        with self.registry.cursor() as cr:
            cr.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        before = self._used()
        rest(self.cr, self._open_cursor)
        self.assertFalse(self.cr.closed)
        self.assertNotEqual(self._pid(), pid)
        self.assertEqual(self._used(), before)

    def test_records_are_read_again(self):
        name = self.partner.name
        self.addCleanup(self._set_name, name)
        self.rest()
        self._set_name("Read again")
        self.assertEqual(self.partner.name, "Read again")

    def test_writing_after_a_rest(self):
        name = self.partner.name
        self.addCleanup(self._set_name, name)
        self.rest()
        self.partner.name = "Written"
        self.cr.commit()  # pylint: disable=invalid-commit
        with self.registry.cursor() as cr:
            cr.execute("SELECT name FROM res_partner WHERE id=%s", [self.partner.id])
            self.assertEqual(cr.fetchone(), ("Written",))

    def test_commit_and_rollback_need_no_connection(self):
        self.rest()
        calls = []
        self.cr.postcommit.add(lambda: calls.append("postcommit"))
        self.cr.commit()  # pylint: disable=invalid-commit
        self.cr.rollback()
        self.assertFalse(self.cr.closed)
        self.assertFalse(self.cr.readonly)
        self.assertEqual(calls, ["postcommit"])
        self.cr.close()
        self.assertTrue(self.cr.closed)
        self.assertEqual(self.opened, 0)

    def test_hooks_of_a_resting_cursor_are_kept(self):
        self.rest()
        calls = []
        self.cr.precommit.add(lambda: calls.append(self._pid()))
        self.cr.postrollback.add(lambda: calls.append("postrollback"))
        self.cr.commit()  # pylint: disable=invalid-commit
        self.assertEqual(len(calls), 1)
        self.cr.commit()  # pylint: disable=invalid-commit
        self.rest()
        self.cr.postrollback.add(lambda: calls.append("postrollback"))
        self.cr.rollback()
        self.assertEqual(calls[1:], ["postrollback"])

    def test_second_rest(self):
        self.rest()
        self.assertFalse(may_rest(self.cr))
        self._pid()
        self.rest()
        self.assertTrue(self._pid())
        self.assertEqual(self.opened, 2)

    @mute_logger("odoo.sql_db")
    def test_cursor_may_not_rest(self):
        def write():
            self.partner.name = "Changed"

        def flush():
            self.partner.name = "Changed"
            self.env.flush_all()

        def lock_row():
            query = "SELECT id FROM res_partner WHERE id = %s FOR UPDATE"
            self.cr.execute(query, [self.partner.id])
            self.cr.fetchall()

        def lock_transaction():
            self.cr.execute("SELECT pg_advisory_xact_lock(4712)")
            self.cr.fetchall()

        def leave_rows():
            self.cr.execute("SELECT generate_series(1, 3)")
            self.cr.fetchone()

        def fail():
            with suppress(psycopg2.Error):
                self.cr.execute("SELECT 1/0")

        def add_hook():
            self.cr.precommit.add(lambda: None)

        def lose_connection():
            with suppress(psycopg2.Error):
                self.cr.execute("SELECT pg_terminate_backend(pg_backend_pid())")

        for use in (
            write,
            flush,
            lock_row,
            lock_transaction,
            leave_rows,
            fail,
            add_hook,
            lose_connection,
        ):
            with self.subTest(use.__name__):
                self.assertTrue(may_rest(self.cr))
                use()
                self.assertFalse(may_rest(self.cr))
                if not self.cr.closed:
                    self.cr.rollback()
                    self._pid()  # all rows are fetched

    def test_cursor_that_has_committed(self):
        """It may rest, unless it has a lock that outlives the commit."""
        for query, end, expected in (
            ("SELECT pg_advisory_lock(4712)", "SELECT pg_advisory_unlock_all()", False),
            ("CREATE TABLE test_resting (id integer)", "DROP TABLE test_resting", True),
        ):
            with self.subTest(query):
                self.cr.execute(query)
                self.assertFalse(may_rest(self.cr))
                self.cr.commit()  # pylint: disable=invalid-commit
                self.assertIs(may_rest(self.cr), expected)
                self.cr.execute(end)
                self.cr.commit()  # pylint: disable=invalid-commit

    def test_no_connection_to_be_had(self):
        def open_cursor():
            raise ZeroDivisionError("full")

        rest(self.cr, open_cursor)
        for _turn in range(2):
            with self.assertRaisesRegex(ZeroDivisionError, "full"):
                self.cr.execute("SELECT 1")
        self.assertFalse(self.cr.closed)
