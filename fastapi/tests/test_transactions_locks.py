# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from unittest.mock import patch

import psycopg2

from odoo.api import SUPERUSER_ID, Environment
from odoo.exceptions import ConcurrencyError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .. import transactions
from ..bridge.loops import borrow_loop
from ..context import odoo_env_ctx
from ..exceptions import LockedByCallerError
from .work_case import KEY, TransactionsCase, set_param


class LocksOfCallerTests(TransactionsCase):
    """The caller's transaction is open while the work runs."""

    def setUp(self):
        super().setUp()
        with self.registry.cursor() as cr:
            set_param(Environment(cr, SUPERUSER_ID, {}), "0")
        cr = self.registry.cursor()
        self.addCleanup(cr.close)
        self.caller = Environment(cr, SUPERUSER_ID, {})
        self.addCleanup(odoo_env_ctx.reset, odoo_env_ctx.set(self.caller))
        self.attempts = []

    def _write(self, env, value="1"):
        self.attempts.append(value)
        set_param(env, value)

    def _get_timeout(self, env):
        env.cr.execute("SHOW lock_timeout")
        return env.cr.fetchone()[0]

    @mute_logger("odoo.sql_db")
    def test_record_that_the_caller_has_changed(self):
        def write_at_once(env):
            self._write(env)
            env.flush_all()

        set_param(self.caller, "2")
        self.caller.flush_all()
        for work in (self._write, write_at_once):
            self.attempts.clear()
            with (
                patch.object(transactions, "LOCK_TIMEOUT", 0.05),
                self.assertRaisesRegex(
                    LockedByCallerError, "_write|write_at_once"
                ) as err,
            ):
                self._run(work)
            self.assertIn("has changed", str(err.exception))
            self.assertEqual(self.attempts, ["1"], "it is not replayed")
        self.caller.cr.commit()  # pylint: disable=invalid-commit
        self.assertEqual(self._value(), "2")

    def test_locks_that_fail_at_once(self):
        """They are conflicts, as in any transaction."""

        def work(env):
            self.attempts.append("1")
            env.cr.execute(
                "SELECT FROM ir_config_parameter WHERE key = %s FOR UPDATE NOWAIT",
                [KEY],
                log_exceptions=False,
            )

        set_param(self.caller, "2")
        self.caller.flush_all()
        with (
            patch("odoo.service.model.time.sleep"),
            self.assertRaises(psycopg2.errors.LockNotAvailable),
        ):
            self._run(work)
        self.assertEqual(len(self.attempts), 5)

    def test_timeout(self):
        """Only a work whose caller has locks gives up; each attempt does."""
        timeouts = []

        def work(env):
            timeouts.append(self._get_timeout(env))
            if len(timeouts) < attempts:
                raise ConcurrencyError("on purpose")

        def expect(*expected):
            nonlocal attempts
            attempts = len(expected)
            timeouts.clear()
            with patch("odoo.service.model.time.sleep"):
                self._run(work)
            self.assertEqual(timeouts, list(expected))

        attempts = 0
        expect("0")
        self.caller["ir.config_parameter"].search([("key", "=", KEY)]).value  # noqa: B018
        expect("0")
        self.caller.cr.execute("SELECT pg_advisory_xact_lock(4712)")
        expect("5s", "5s")
        self.caller.cr.rollback()
        expect("0")
        set_param(self.caller, "2")
        self.caller.flush_all()
        expect("5s")
        self.caller.cr.close()
        expect("0")


@tagged("post_install", "-at_install")
class TestLocksOfRequests(LocksOfCallerTests):
    def _run(self, *args):
        with borrow_loop() as loop:
            return loop.run_until_complete(self.tx.run(*args))


@tagged("post_install", "-at_install")
class TestLocksOnTheSharedLoop(LocksOfCallerTests):
    """A handler awaits something that awaits ``tx.run`` on the shared loop."""


del LocksOfCallerTests
