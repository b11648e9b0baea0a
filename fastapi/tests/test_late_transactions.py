# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from contextlib import suppress
from contextvars import copy_context

import psycopg2

from odoo.api import SUPERUSER_ID, Environment
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger

from ..context import odoo_env_ctx
from ..late_transactions import LateTasks, LateTransactions, is_lost, reopen


@tagged("post_install", "-at_install")
class TestLateTransactions(BaseCase):
    """On real cursors: what Odoo's are made of is what can change."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.cr = self.registry.cursor()
        self.addCleanup(self.cr.close)
        self.env = Environment(self.cr, SUPERUSER_ID, {})
        self.env.transaction.default_env = self.env
        self.late = LateTransactions(self.env, copy_context())
        self.keys = []
        self.addCleanup(self._delete)

    def _delete(self):
        with self.registry.cursor() as cr:
            env = Environment(cr, SUPERUSER_ID, {})
            parameters = env["ir.config_parameter"]
            parameters.search([("key", "=like", "late.%")]).unlink()

    def _set(self, key):
        self.env["ir.config_parameter"].set_param(key, "set")

    def _committed(self):
        with self.registry.cursor() as cr:
            cr.execute(
                "SELECT key FROM ir_config_parameter WHERE key LIKE 'late.%' ORDER BY 1"
            )
            return [key for (key,) in cr.fetchall()]

    def test_cursor_is_held(self):
        self.late.hold()
        self.cr.close()  # Odoo does
        self.assertFalse(self.cr.closed)
        self._set("late.held")
        self.late.commit()
        self.assertEqual(self._committed(), ["late.held"])
        self.late.close()
        self.assertTrue(self.cr.closed)
        self.assertNotIn("close", vars(self.cr))

    def test_cursor_is_not_held_after_an_exception(self):
        self.late.hold()
        try:
            raise ValueError
        except ValueError:
            self.cr.close()
        self.assertTrue(self.cr.closed)

    def test_what_is_not_committed_is_rolled_back(self):
        self.late.hold()
        self._set("late.lost")
        self.env.flush_all()
        self.late.close()
        self.assertEqual(self._committed(), [])

    def test_tasks_run_on_the_same_environment(self):
        self.cr.close()  # Odoo does

        def first():
            self.assertIs(odoo_env_ctx.get(), self.env)
            self._set("late.first")

        def failing():
            self._set("late.failing")
            raise ValueError("on purpose")

        def last():
            self.assertEqual(self._committed(), ["late.first"])
            self._set("late.last")

        with self.assertLogs("odoo.addons.fastapi.late_transactions", "ERROR") as logs:
            self.late.run_tasks([first, failing, last])
        self.assertEqual(len(logs.records), 1)
        self.assertIn("on purpose", logs.output[0])
        self.assertEqual(self._committed(), ["late.first", "late.last"])
        self.assertTrue(self.cr.closed)

    def test_tasks_of_an_answer_that_is_let_go(self):
        """The server has not called close: the tasks of a commit run all the same."""
        tasks = LateTasks(self.late, [lambda: self._set("late.task")])
        self.cr.commit()
        self.cr.close()
        del tasks
        self.assertEqual(self._committed(), ["late.task"])
        self.assertTrue(self.cr.closed)

    def test_tasks_of_an_answer_that_is_not_committed(self):
        tasks = LateTasks(self.late, [lambda: self._set("late.task")])
        self.cr.rollback()  # Odoo does, and replays the request
        self.cr.commit()
        del tasks
        self.assertEqual(self._committed(), [])

    def test_tasks_of_an_answer_run_once(self):
        calls = []
        tasks = LateTasks(self.late, [lambda: calls.append("task")])
        self.cr.commit()
        self.cr.close()
        tasks.close()
        tasks.close()
        del tasks
        self.assertEqual(calls, ["task"])

    def _lose_connection(self):
        self.env.cr.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    @mute_logger("odoo.sql_db")
    def test_task_that_loses_the_connection(self):
        self.cr.close()
        hooks = []

        def losing():
            self._set("late.losing")
            self.env.cr.postrollback.add(lambda: hooks.append("rolled back"))
            self._lose_connection()

        def last():
            self.assertEqual(hooks, ["rolled back"])
            self._set("late.last")

        with self.assertLogs("odoo.addons.fastapi.late_transactions", "ERROR") as logs:
            self.late.run_tasks([losing, last])
        self.assertEqual(len(logs.records), 1)
        self.assertIn("losing", logs.output[0])
        self.assertEqual(self._committed(), ["late.last"])
        self.assertTrue(self.cr.closed)

    @mute_logger("odoo.sql_db")
    def test_rollback_without_a_connection(self):
        with suppress(psycopg2.OperationalError):
            self._lose_connection()
        self.assertTrue(is_lost(self.cr))
        self.late.rollback()
        reopen(self.env)
        self.assertFalse(is_lost(self.cr))
        self._set("late.again")
        self.late.commit()
        self.assertEqual(self._committed(), ["late.again"])

    def test_closed_is_not_lost(self):
        self.assertFalse(is_lost(self.cr))
        self.cr.close()
        self.assertFalse(is_lost(self.cr))
        self.late.rollback()  # must not touch a connection that is somebody else's now

    def test_no_connection_is_lost(self):
        pool = self.cr._Cursor__pool

        def used():
            return sum(connection._pool_in_use for connection in pool._connections)

        before = used()
        self.cr.close()
        for _run in range(5):
            self.late.run_tasks([lambda: self._set("late.again")])
            self.assertEqual(used(), before - 1)
