# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
import signal
from contextlib import AsyncExitStack, contextmanager, suppress
from unittest import TestCase
from unittest.mock import patch

import psycopg2
from psycopg2.pool import PoolError
from starlette.background import BackgroundTask, BackgroundTasks

from odoo.api import SUPERUSER_ID, Environment
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger

from ..after_response import DeferredTasks, run_tasks
from ..app.tasks import defer
from ..bridge.request_state import STATE_KEY, RequestState
from ..context import odoo_env_ctx
from ..exceptions import AbortedTransactionError
from ..follow_up import FollowUpTransactions, reopen
from ..transaction_errors import is_lost, remember_errors

LOGGER = "odoo.addons.fastapi.after_response"
#: ASGI scope of the request.
SCOPE = {"type": "http", "method": "POST", "path": "/tasks", "root_path": ""}


def make_tasks(*functions):
    """Return functions as background tasks of a handler."""
    state = RequestState()
    state.tasks = []
    scope = {STATE_KEY: state, "fastapi_middleware_astack": AsyncExitStack()}
    tasks = BackgroundTasks([BackgroundTask(function) for function in functions])
    defer(scope, None, tasks)
    return state.tasks


def raises(expected):
    """Expect an exception; the method of Odoo's test cases needs the cursor."""
    return TestCase().assertRaises(expected)


@tagged("post_install", "-at_install")
class TestFollowUpTransactions(BaseCase):
    """On real cursors: their internals may change in Odoo."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.cr = self.registry.cursor()
        self.pool = self.cr._Cursor__pool
        self.addCleanup(self.cr.close)
        self.env = Environment(self.cr, SUPERUSER_ID, {})
        self.env.transaction.default_env = self.env
        self.transactions = FollowUpTransactions(self.env, SCOPE)
        self.keys = []
        self.addCleanup(self._delete)

    def _delete(self):
        with self.registry.cursor() as cr:
            env = Environment(cr, SUPERUSER_ID, {})
            parameters = env["ir.config_parameter"]
            parameters.search([("key", "=like", "test.%")]).unlink()

    def _set(self, key):
        self.env["ir.config_parameter"].set_param(key, "set")

    def _committed(self):
        with self.registry.cursor() as cr:
            cr.execute(
                "SELECT key FROM ir_config_parameter WHERE key LIKE 'test.%' ORDER BY 1"
            )
            return [key for (key,) in cr.fetchall()]

    def test_cursor_is_held(self):
        self.transactions.hold()
        self.cr.close()  # Odoo does
        self.assertFalse(self.cr.closed)
        self._set("test.held")
        self.transactions.commit()
        self.assertEqual(self._committed(), ["test.held"])
        self.transactions.close()
        self.assertTrue(self.cr.closed)
        self.assertNotIn("close", vars(self.cr))

    def test_cursor_is_not_held_after_an_exception(self):
        self.transactions.hold()
        try:
            raise ValueError
        except ValueError:
            self.cr.close()
        self.assertTrue(self.cr.closed)

    def test_what_is_not_committed_is_rolled_back(self):
        self.transactions.hold()
        self._set("test.lost")
        self.env.flush_all()
        self.transactions.close()
        self.assertEqual(self._committed(), [])

    def test_tasks_run_on_the_same_environment(self):
        self.cr.close()  # Odoo does

        def first():
            self.assertIs(odoo_env_ctx.get(), self.env)
            self._set("test.first")

        def failing():
            self._set("test.failing")
            raise ValueError("on purpose")

        def last():
            self.assertEqual(self._committed(), ["test.first"])
            self._set("test.last")

        with self.assertLogs(LOGGER, "ERROR") as logs:
            run_tasks(self.transactions, make_tasks(first, failing, last))
        self.assertEqual(len(logs.records), 1)
        self.assertIn("on purpose", logs.output[0])
        self.assertEqual(self._committed(), ["test.first", "test.last"])
        self.assertTrue(self.cr.closed)

    def test_failing_task_that_has_committed(self):
        """What it does after its own commit is rolled back."""

        def failing():
            self._set("test.committed")
            self.cr.commit()  # pylint: disable=invalid-commit
            self._set("test.failing")
            self.env.flush_all()
            raise ValueError("on purpose")

        with self.assertLogs(LOGGER, "ERROR") as logs:
            run_tasks(
                self.transactions, make_tasks(failing, lambda: self._set("test.last"))
            )
        self.assertIn("failed, and is rolled back", logs.output[0])
        self.assertEqual(self._committed(), ["test.committed", "test.last"])

    def test_tasks_of_a_dropped_response(self):
        """The server has not called close: after a commit, the tasks run."""
        tasks = DeferredTasks(
            self.transactions, make_tasks(lambda: self._set("test.task"))
        )
        self.cr.commit()  # pylint: disable=invalid-commit
        self.cr.close()
        del tasks
        self.assertEqual(self._committed(), ["test.task"])
        self.assertTrue(self.cr.closed)

    def test_tasks_of_a_response_that_is_not_committed(self):
        tasks = DeferredTasks(
            self.transactions, make_tasks(lambda: self._set("test.task"))
        )
        self.cr.rollback()  # Odoo does, and replays the request
        self.cr.commit()  # pylint: disable=invalid-commit
        del tasks
        self.assertEqual(self._committed(), [])

    def test_tasks_of_a_response_run_once(self):
        calls = []
        tasks = DeferredTasks(
            self.transactions, make_tasks(lambda: calls.append("task"))
        )
        self.cr.commit()  # pylint: disable=invalid-commit
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
            self._set("test.losing")
            self.env.cr.postrollback.add(lambda: hooks.append("rolled back"))
            self._lose_connection()

        def last():
            self.assertEqual(hooks, ["rolled back"])
            self._set("test.last")

        with self.assertLogs(LOGGER, "ERROR") as logs:
            run_tasks(self.transactions, make_tasks(losing, last))
        self.assertEqual(len(logs.records), 1)
        self.assertIn("losing", logs.output[0])
        self.assertEqual(self._committed(), ["test.last"])
        self.assertTrue(self.cr.closed)

    @mute_logger("odoo.sql_db")
    def test_rollback_without_a_connection(self):
        with suppress(psycopg2.OperationalError):
            self._lose_connection()
        self.assertTrue(is_lost(self.cr))
        self.transactions.rollback()
        reopen(self.env)
        self.assertFalse(is_lost(self.cr))
        self._set("test.again")
        self.transactions.commit()
        self.assertEqual(self._committed(), ["test.again"])

    def test_closed_is_not_lost(self):
        self.assertFalse(is_lost(self.cr))
        self.cr.close()
        self.assertFalse(is_lost(self.cr))
        self.transactions.rollback()  # the connection may be another cursor's now

    def test_no_connection_is_lost(self):
        pool = self.pool

        def used():
            return sum(connection._pool_in_use for connection in pool._connections)

        before = used()
        self.cr.close()
        for _run in range(5):
            run_tasks(self.transactions, make_tasks(lambda: self._set("test.again")))
            self.assertEqual(used(), before - 1)

    def _fill_pool(self):
        """Take all connections of the pool, and let it open no more."""
        pool = self.pool
        maxconn, pool._maxconn = pool._maxconn, len(pool._connections)
        self.addCleanup(setattr, pool, "_maxconn", maxconn)
        cursors = []
        with suppress(PoolError):
            while True:
                cursors.append(self.registry.cursor())
                self.addCleanup(cursors[-1].close)
        return cursors

    def test_full_pool_is_waited_for(self):
        self.cr.close()
        cursors = self._fill_pool()
        with raises(PoolError):
            reopen(self.env)
        with self._released(cursors):
            reopen(self.env, 10)
        self.cr.close()
        cursors = self._fill_pool()
        with self.assertNoLogs(LOGGER, "ERROR"), self._released(cursors):
            run_tasks(self.transactions, make_tasks(lambda: self._set("test.task")))
        self.assertEqual(self._committed(), ["test.task"])

    def test_full_pool_when_a_stream_uses_its_cursor(self):
        for readonly in (False, True):  # True: of a replica
            with self.subTest(readonly=readonly):
                self.cr.connection.set_session(readonly=readonly)
                self.transactions.hold()
                with self._released(self._fill_pool()):
                    self._set("test.stream")
                    self.transactions.commit()
                self.assertFalse(self.cr.closed)
                self.assertFalse(self.cr.readonly)
                self.assertEqual(self._committed(), ["test.stream"])

    def test_cursor_that_fails_to_open_in_another_way(self):
        """Each task that does not run is logged, and the next one is tried."""
        self.cr.close()
        registry = type(self.registry)
        opened = registry.cursor
        errors = [ValueError("on purpose")]

        def open_cursor(registry, *args, **kwargs):
            if errors:
                raise errors.pop()
            return opened(registry, *args, **kwargs)

        def lost():
            self.fail("it has a connection")

        with (
            patch.object(registry, "cursor", open_cursor),
            self.assertLogs(LOGGER, "ERROR") as logs,
        ):
            run_tasks(
                self.transactions, make_tasks(lost, lambda: self._set("test.other"))
            )
        self.assertEqual(len(logs.records), 1)
        self.assertIn("Background task lost did not run", logs.output[0])
        self.assertIn("on purpose", logs.output[0])
        self.assertEqual(self._committed(), ["test.other"])

    @contextmanager
    def _released(self, cursors):
        """Close cursors as soon as something waits for a connection."""

        class Release(logging.Handler):
            def emit(self, record):
                if "waiting for" in record.getMessage():
                    waited.append(record)
                    for cursor in cursors:
                        cursor.close()

        waited = []
        handler = Release()
        logger = logging.getLogger("odoo.addons.fastapi.connections")
        level = logger.level
        logger.setLevel(logging.INFO)
        logger.addHandler(handler)
        try:
            yield
        finally:
            logger.removeHandler(handler)
            logger.setLevel(level)
        self.assertEqual(len(waited), 1)

    def test_what_a_task_raises_is_its_own(self):
        self.cr.close()

        def exit_system():
            self._set("test.exit")
            raise SystemExit(1)

        with self.assertLogs(LOGGER, "ERROR") as logs:
            run_tasks(
                self.transactions,
                make_tasks(exit_system, lambda: self._set("test.other")),
            )
        self.assertEqual(len(logs.records), 1)
        self.assertEqual(
            logs.records[0].getMessage(),
            "Background task exit_system failed, and is rolled back: "
            "POST /tasks: SystemExit: 1\nIt was called as exit_system().",
        )
        self.assertEqual(self._committed(), ["test.other"])

    def test_interrupt_of_the_main_thread(self):
        """Ctrl-C ends the thread. Tasks that did not run are in the log."""
        self.cr.close()

        def interrupt():
            signal.raise_signal(signal.SIGINT)

        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, before)
        with self.assertLogs(LOGGER, "ERROR") as logs:
            with raises(KeyboardInterrupt):
                run_tasks(
                    self.transactions,
                    make_tasks(interrupt, lambda: self._set("test.other")),
                )
        self.assertIn("interrupt failed", logs.output[0])
        self.assertIn("did not run", logs.output[1])
        self.assertEqual(self._committed(), [])
        self.assertTrue(self.cr.closed)

    def test_commit_of_an_aborted_transaction(self):
        remember_errors(self.cr)
        self._set("test.lost")
        with suppress(psycopg2.Error), mute_logger("odoo.sql_db"):
            self.cr.execute("SELECT 1 / 0")
        with self.assertRaisesRegex(AbortedTransactionError, "division by zero"):
            self.transactions.commit()
        self.transactions.rollback()
        self.assertEqual(self._committed(), [])

    def test_task_that_swallows_an_error(self):
        self.cr.close()

        def swallow():
            self._set("test.lost")
            with suppress(psycopg2.Error), mute_logger("odoo.sql_db"):
                self.cr.execute("SELECT 1 / 0")

        with self.assertLogs(LOGGER, "ERROR") as logs:
            run_tasks(
                self.transactions, make_tasks(swallow, lambda: self._set("test.other"))
            )
        self.assertIn("division by zero", logs.output[0])
        self.assertEqual(self._committed(), ["test.other"])
