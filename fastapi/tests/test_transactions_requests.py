# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import asyncio
import threading
from unittest.mock import patch

import psycopg2

from odoo.api import SUPERUSER_ID, Environment
from odoo.http import _request_stack, request
from odoo.modules.registry import Registry
from odoo.tests import tagged

from ..bridge.loops import borrow_loop
from ..bridge.shared_loop import get_shared_loop
from ..exceptions import NoTransactionError
from ..transaction_errors import remember_errors
from .work_case import TransactionsCase, set_param


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
