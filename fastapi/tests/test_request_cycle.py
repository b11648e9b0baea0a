# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The table of ``request_cycle``: which requests are committed, with which response."""

from contextlib import suppress

import psycopg2
from fastapi import HTTPException

from odoo.exceptions import ConcurrencyError
from odoo.tests import TransactionCase
from odoo.tools import mute_logger

from ..bridge import RequestState, ResponseBody
from ..exceptions import AbortedTransactionError, CommittedHTTPException
from ..request_cycle import RequestCycle


class TestRequestCycle(TransactionCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(setattr, self.env.cr, "__class__", type(self.env.cr))
        self.cycle = RequestCycle(self.env, None)

    def respond(self, exc=None, handled=True):
        body = ResponseBody([b"body"], handled=handled)
        return self.cycle.respond(body, RequestState(), exc, b"".join)

    def test_response(self):
        self.assertEqual(self.respond(), b"body")
        self.assertIsNone(self.cycle.error_response)

    def test_exceptions(self):
        for exc, handled, committed, error_response in (
            (CommittedHTTPException(401), True, b"body", None),
            (CommittedHTTPException(401), False, None, None),
            (HTTPException(409), True, None, b"body"),
            (HTTPException(409), False, None, None),
            (ConcurrencyError(), True, None, None),
            (psycopg2.OperationalError(), True, None, None),
        ):
            with self.subTest(repr(exc), handled=handled):
                self.cycle = RequestCycle(self.env, None)
                self.assertEqual(self.respond(exc, handled), committed)
                self.assertEqual(self.cycle.error_response, error_response)

    def test_committed_exception_that_can_not_be_flushed(self):
        exc = CommittedHTTPException(409)

        def refuse():
            raise exc

        self.env.cr.precommit.add(refuse)
        with suppress(CommittedHTTPException):
            self.cycle.flush()
        self.assertIsNone(self.respond(exc))
        self.assertEqual(self.cycle.error_response, b"body")

    def test_swallowed_error(self):
        aborted = psycopg2.errors.InFailedSqlTransaction()
        with self.env.cr.savepoint(flush=False) as savepoint:
            with suppress(psycopg2.Error), mute_logger("odoo.sql_db"):
                self.env.cr.execute("SELECT 1 / 0")
            for exc in (None, CommittedHTTPException(401), aborted):
                with self.subTest(repr(exc)):
                    with self.assertRaisesRegex(AbortedTransactionError, "by zero"):
                        self.respond(exc)
            # an exception rolls back anyway
            self.assertIsNone(self.respond(HTTPException(409)))
            savepoint.rollback()
        self.assertEqual(self.cycle.error_response, b"body")
