# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from unittest.mock import patch

import psycopg2
from psycopg2.pool import PoolError

from odoo.api import SUPERUSER_ID, Environment
from odoo.http import _request_stack, request
from odoo.modules.registry import Registry
from odoo.tests import tagged

from .. import transactions
from ..bridge.loops import borrow_loop
from ..bridge.shared_loop import get_shared_loop
from ..context import odoo_env_ctx
from ..exceptions import NoTransactionError
from ..resting_cursors import rest
from ..transaction_errors import remember_errors
from .work_case import KEY, TransactionsCase, set_param


@tagged("post_install", "-at_install")
class TestTransactionsOfRequests(TransactionsCase):
    """The loop of a request runs works on the request's thread."""

    def _run(self, *args):
        with borrow_loop() as loop:
            return loop.run_until_complete(self.tx.run(*args))

    def test_thread_of_the_request(self):
        thread = threading.current_thread()
        data = dict(vars(thread), uid=7, query_count=5, query_time=1, perf_t0=2)
        with patch.dict(vars(thread), data):

            def work(env):
                self.assertIs(threading.current_thread(), thread)
                self.assertEqual(thread.uid, SUPERUSER_ID)
                env.cr.execute("SELECT 1")

            self._run(work)
            self.assertEqual(thread.uid, 7)
            self.assertGreater(thread.query_count, 5)

    def test_caches_of_the_request(self):
        """What the request invalidates is signalled when the request is committed."""
        registry = self.registry
        self.addCleanup(registry.reset_changes)
        registry.clear_cache("default")
        with patch.object(Registry, "signal_changes", autospec=True) as signal:
            signal.side_effect = lambda self: seen.append(set(self.cache_invalidated))
            seen = []
            self._run(lambda env: env.registry.clear_cache("assets"))
        self.assertEqual(seen[0], {"assets"})
        self.assertIn("default", registry.cache_invalidated)

        def fail(env):
            raise ValueError

        with self.assertRaises(ValueError):
            self._run(fail)
        self.assertIn("default", registry.cache_invalidated)

    def test_request_of_odoo(self):
        """A replay must not reset the request, which is in another transaction."""
        of_odoo = object()
        _request_stack.push(of_odoo)
        self.addCleanup(_request_stack.pop)
        self._run(lambda env: self.assertFalse(request))
        self.assertIs(_request_stack.top, of_odoo)


@tagged("post_install", "-at_install")
class TestSecondConnections(TransactionsCase):
    """A request keeps its connection while its work waits for another one."""

    def setUp(self):
        super().setUp()
        with self.registry.cursor() as cr:
            self.pool = cr._Cursor__pool

    def _limit(self, free):
        """Limit the pool: only so many of its connections are free."""
        used = sum(found._pool_in_use for found in self.pool._connections)
        maxconn, self.pool._maxconn = self.pool._maxconn, used + free
        self.addCleanup(setattr, self.pool, "_maxconn", maxconn)

    def _run_in_request(self, work, *args):
        with borrow_loop() as loop:
            return loop.run_until_complete(self.tx.run(work, *args))

    def test_requests_that_wait_for_each_other(self):
        count = 4
        self._limit(count)
        all_hold_one = threading.Barrier(count)

        def request(number):
            with self.registry.cursor() as cr:
                odoo_env_ctx.set(Environment(cr, SUPERUSER_ID, {}))
                cr.execute("SELECT 1")
                all_hold_one.wait()
                try:
                    self._run_in_request(set_param, "saved", f"{KEY}.{number}")
                except PoolError as exc:
                    return str(exc)
            return self._value(f"{KEY}.{number}")

        start = time.monotonic()
        with (
            patch.object(transactions, "SECOND_CONNECTION_TIMEOUT", (0.2, 5)),
            ThreadPoolExecutor(count) as executor,
        ):
            calls = [
                executor.submit(copy_context().run, request, number)
                for number in range(count)
            ]
            results = [call.result() for call in calls]
        self.assertLess(time.monotonic() - start, 10)
        self.assertIn("saved", results)
        for refusal in set(results) - {"saved"}:
            self.assertIn("db_maxconn", refusal)

    def test_caller_without_a_connection(self):
        """It has the time that tasks and streams have."""
        cr = self.registry.cursor()
        self.addCleanup(cr.close)
        self.addCleanup(odoo_env_ctx.reset, odoo_env_ctx.set(Environment(cr, 1, {})))
        timeouts = []

        def wait(call, timeout):
            timeouts.append(timeout)
            return call()

        with patch.object(transactions, "wait_for_connection", wait):
            self._run_in_request(set_param, "1")
            rest(cr, self.registry.cursor)
            self._run_in_request(set_param, "2")
            cr.close()
            self._run_in_request(set_param, "3")
            self._run(set_param, "4")
        self.assertLessEqual(timeouts.pop(0), 5)
        self.assertEqual(timeouts, [60, 60, 60])


@tagged("post_install", "-at_install")
class TestQueriesWithoutTransaction(TransactionsCase):
    def _env(self):
        cr = self.registry.cursor()
        self.addCleanup(cr.close)
        remember_errors(cr)
        return Environment(cr, SUPERUSER_ID, {})

    def test_query_on_the_shared_loop(self):
        env = self._env()

        async def search():
            env["res.partner"].search([], limit=1)

        async def commit():
            env.cr.commit()  # pylint: disable=invalid-commit

        for refused in (search, commit):
            with self.assertRaisesRegex(NoTransactionError, r"await tx\.run\(work\)"):
                self.loop.run_until_complete(refused())
        env["res.partner"].search([], limit=1)  # elsewhere

    def test_query_after_the_transaction(self):
        env = self._env()
        env.cr.close()
        with self.assertRaisesRegex(psycopg2.InterfaceError, r"is over.*tx\.run"):
            env["res.partner"].search([], limit=1)

    def test_records_of_a_work(self):
        partner = self._run(lambda env: env["res.partner"].search([], limit=1))
        with self.assertRaisesRegex(psycopg2.InterfaceError, r"is over.*tx\.run"):
            partner.mapped("name")


@tagged("post_install", "-at_install")
class TestTransactionsOnTheSharedLoop(TransactionsCase):
    def _run(self, awaitable):
        loop = get_shared_loop()
        return asyncio.run_coroutine_threadsafe(awaitable, loop).result(60)

    def test_work(self):
        def work(env):
            set_param(env, threading.current_thread().name)

        self._run(self.tx.run(work))
        self.assertIn("fastapi.transactions", self._value())

    def test_query(self):
        cr = self.registry.cursor()
        self.addCleanup(cr.close)
        remember_errors(cr)

        async def query():
            cr.execute("SELECT 1")

        with self.assertRaisesRegex(NoTransactionError, r"await tx\.run\(work\)"):
            self._run(query())
