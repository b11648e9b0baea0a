# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=translation-required
import asyncio
import logging
import threading
import traceback
from contextlib import suppress
from functools import partial
from unittest.mock import patch

import psycopg2
from psycopg2.pool import PoolError
from werkzeug.exceptions import ServiceUnavailable

from odoo.api import SUPERUSER_ID, Environment
from odoo.exceptions import UserError
from odoo.http import request
from odoo.sql_db import ConnectionPool
from odoo.tests import tagged
from odoo.tools import mute_logger

from .. import transactions as module
from ..context import odoo_env_ctx
from ..transactions import Transactions
from .work_case import KEY, TransactionsCase, set_param

LOGGER = "odoo.addons.fastapi.transactions"


def increment(env):
    """Read and write, as two steps that conflict with others."""
    parameter = env["ir.config_parameter"].search([("key", "=", KEY)])
    parameter.value = str(int(parameter.value) + 1)
    return parameter.value


@tagged("post_install", "-at_install")
class TestTransactions(TransactionsCase):
    def test_result_is_committed(self):
        def work(env, value, *, suffix):
            set_param(env, value + suffix)
            return value

        self.assertEqual(self._run(work, "a", suffix="b"), "a")
        self.assertEqual(self._value(), "ab")

    def test_environment(self):
        def work(env):
            self.assertEqual(env.uid, SUPERUSER_ID)
            self.assertEqual(env.context, {"lang": "en_US"})
            self.assertIs(env.transaction.default_env, env)
            self.assertIs(odoo_env_ctx.get(), env)
            thread = threading.current_thread()
            self.assertIsNot(thread, threading.main_thread())
            self.assertEqual((thread.dbname, thread.uid), (env.cr.dbname, env.uid))
            env.cr.execute("SELECT 1")
            self.assertEqual(thread.query_count, 1)
            self.assertFalse(request)
            return thread

        thread = self._run(work)
        for name in ("dbname", "uid", "query_count", "query_time", "perf_t0"):
            self.assertFalse(hasattr(thread, name), name)
        self.assertIsNone(odoo_env_ctx.get(None))

    def test_user_and_mode(self):
        with self.registry.cursor() as cr:
            env = Environment(cr, 3, {}, su=True)
            self.tx = Transactions(env)
        self.assertEqual(self._run(lambda env: (env.uid, env.su)), (3, True))

    def test_exception_is_raised_with_its_traceback(self):
        def fail(env):
            set_param(env, "lost")
            raise UserError("on purpose")

        try:  # assertRaises would remove the traceback
            self._run(fail)
        except UserError as exc:
            names = [frame.name for frame in traceback.extract_tb(exc.__traceback__)]
        self.assertEqual(names[-1], "fail")
        self.assertIsNone(self._value())

    def test_coroutine_functions_are_refused(self):
        async def work(env):
            pass

        async def generate(env):
            yield

        class Called:
            async def __call__(self, env):
                pass

        for refused in (work, generate, partial(work), Called()):
            with self.assertRaisesRegex(TypeError, "a work is a sync function"):
                self._run(refused)

    def test_result_to_await_is_refused(self):
        async def later():
            pass

        def work(env):
            set_param(env, "lost")
            return later()

        with self.assertRaisesRegex(TypeError, "something to await"):
            self._run(work)
        self.assertIsNone(self._value())

    def test_swallowed_error_is_raised(self):
        def work(env):
            set_param(env, "lost")
            with suppress(psycopg2.Error):
                env.cr.execute("SELECT no_such_column", log_exceptions=False)

        with self.assertRaisesRegex(Exception, "was swallowed: UndefinedColumn"):
            self._run(work)

    def test_conflict_is_replayed(self):
        self._run(set_param, "1")
        attempts = []

        def work(env):
            attempts.append(env)
            parameter = env["ir.config_parameter"].search([("key", "=", KEY)])
            value = int(parameter.value)
            if len(attempts) == 1:
                with self.registry.cursor() as cr:
                    cr.execute(
                        "UPDATE ir_config_parameter SET value = '10' WHERE key = %s",
                        [KEY],
                    )
            parameter.value = str(value + 1)

        with patch("odoo.service.model.time.sleep"), mute_logger("odoo.sql_db"):
            self._run(work)
        self.assertEqual(len(attempts), 2)
        self.assertEqual(self._value(), "11")

    def test_failure_after_the_commit(self):
        """It is not replayed, and the caller gets the result."""
        attempts = []

        def work(env):
            attempts.append(env)
            set_param(env, "saved")

            @env.cr.postcommit.add
            def fail():
                raise psycopg2.errors.SerializationFailure("on purpose")

            return "result"

        with self.assertLogs(LOGGER, "ERROR") as logs:
            self.assertEqual(self._run(work), "result")
        self.assertIn("is saved, but failed after that", logs.output[0])
        self.assertIn("on purpose", logs.output[0])
        self.assertEqual(len(attempts), 1)
        self.assertEqual(self._value(), "saved")

    def test_full_pool(self):
        """A work waits for a connection, and the loop goes on meanwhile."""
        borrow = ConnectionPool.borrow
        turns = []
        refused = threading.Event()

        def refuse(*args, **kwargs):
            if len(turns) < 3:
                refused.set()
                raise PoolError("The Connection Pool Is Full")
            return borrow(*args, **kwargs)

        async def main():
            run = asyncio.ensure_future(self.tx.run(set_param, "late"))
            await asyncio.to_thread(refused.wait)
            for _turn in range(3):
                turns.append(await asyncio.sleep(0))
            await run

        with patch.object(ConnectionPool, "borrow", refuse):
            self.loop.run_until_complete(main())
        self.assertEqual(self._value(), "late")

    def test_cancelled_work_is_committed(self):
        started, go_on = threading.Event(), threading.Event()
        done = threading.Event()

        def work(env):
            started.set()
            go_on.wait()
            set_param(env, "saved")
            env.cr.postcommit.add(done.set)

        async def main():
            run = asyncio.ensure_future(self.tx.run(work))
            await asyncio.to_thread(started.wait)
            run.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await run
            go_on.set()
            await asyncio.to_thread(done.wait)

        self.loop.run_until_complete(main())
        self.assertEqual(self._value(), "saved")

    def test_error_of_a_cancelled_work_is_logged(self):
        started, go_on = threading.Event(), threading.Event()
        logged = threading.Event()

        class Handler(logging.Handler):
            def emit(self, record):
                logged.set()

        def work(env):
            started.set()
            go_on.wait()
            raise ValueError("on purpose")

        async def main():
            run = asyncio.ensure_future(self.tx.run(work))
            await asyncio.to_thread(started.wait)
            run.cancel()
            await asyncio.wait([run])
            go_on.set()
            await asyncio.to_thread(logged.wait)

        handler = Handler()
        logger = logging.getLogger(LOGGER)
        with self.assertLogs(LOGGER, "ERROR") as logs:
            logger.addHandler(handler)
            self.loop.run_until_complete(main())
        self.assertIn("ValueError: on purpose", logs.output[0])

    def test_waiting_work_is_not_started_after_a_cancel(self):
        executor = module._get_executor()
        go_on = threading.Event()
        size = executor._max_workers
        self.assertLessEqual(size, module.MAX_WORKS)
        entered = threading.Barrier(size + 1)

        def block():
            entered.wait()
            go_on.wait()

        async def main():
            blockers = [executor.submit(block) for _worker in range(size)]
            await asyncio.to_thread(entered.wait)
            run = asyncio.ensure_future(self.tx.run(set_param, "never"))
            await asyncio.sleep(0)
            run.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await run
            go_on.set()
            await asyncio.gather(*map(asyncio.wrap_future, blockers))
            await self.tx.run(set_param, "next", f"{KEY}.next")

        self.loop.run_until_complete(main())
        self.assertIsNone(self._value())
        self.assertEqual(self._value(f"{KEY}.next"), "next")

    def test_few_connections_leave_some_for_requests(self):
        with patch.dict(module.config.options, {"db_maxconn": 10}):
            executor = module._get_executor.__wrapped__()
        self.addCleanup(executor.shutdown)
        self.assertEqual(executor._max_workers, 2)

    def test_server_stops(self):
        """A work that waits in PostgreSQL is rolled back, later ones don't start."""
        self.addCleanup(module._cancelled.clear)
        started = threading.Event()

        def work(env):
            set_param(env, "lost")
            env.flush_all()
            started.set()
            env.cr.execute("SELECT pg_sleep(1000)", log_exceptions=False)

        async def main():
            run = asyncio.ensure_future(self.tx.run(work))
            await asyncio.to_thread(started.wait)
            thread = module.cancel_works(grace=0)
            await asyncio.to_thread(thread.join)
            with self.assertRaises(psycopg2.errors.QueryCanceled):
                await run
            with self.assertRaisesRegex(ServiceUnavailable, "The server stops"):
                await self.tx.run(set_param, "never")

        self.loop.run_until_complete(main())
        self.assertIsNone(self._value())

    def test_three_clients_and_400_conflicting_increments(self):
        self._run(set_param, "0")
        counted = []

        async def client():
            while len(counted) < 400:
                counted.append(None)
                try:
                    await self.tx.run(increment)
                except psycopg2.OperationalError:  # after five conflicts
                    counted.pop()

        async def main():
            await asyncio.gather(client(), client(), client())

        wait = patch("odoo.service.model.random.uniform", lambda low, high: high / 50)
        with wait, mute_logger("odoo.sql_db", "odoo.service.model"):
            self.loop.run_until_complete(main())
        self.assertEqual(self._value(), "400")
