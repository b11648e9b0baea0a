# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Helpers for tests under load: two sizes and a table of results.

``make test`` runs each case in a short form, ``make stress`` in full.
"""

import json
import os
from pathlib import Path

from .server_case import ServerCase

#: Environment variable of ``make stress``: the file for the results.
REPORT = "FASTAPI_STRESS_REPORT"


class StressMixin:
    """Two sizes of a case, and its row in the table."""

    #: Whether the cases run in full.
    full = REPORT in os.environ

    @classmethod
    def size(cls, full, short):
        """Return the size for this run."""
        return full if cls.full else short

    def setUp(self):
        super().setUp()
        self.note()  # a case without a result shows that it started

    def note(self, **row):
        """Write a line for ``make stress``."""
        if self.full:
            with Path(os.environ[REPORT]).open("a") as report:
                report.write(f"{json.dumps({'test': self.id(), **row})}\n")

    def conclude(self, case, tried, failures):
        """Write a row of the table; fail if there are failures.

        :param case: name of the row, a few words
        :param tried: number of attempts
        :param failures: one line for each failure
        """
        failures = [str(failure) for failure in failures]
        self.note(case=case, tried=tried, failures=len(failures))
        self.assertTrue(tried, f"{case}: nothing was tried")
        self.assertFalse(
            failures,
            "\n".join([f"{case}: {len(failures)} of {tried}", *failures[:20]]),
        )


class StressCase(StressMixin, ServerCase):
    """With servers."""
