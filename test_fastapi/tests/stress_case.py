# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the tests under load have in common: two sizes, and a table of results.

Each case runs with ``make test`` in a short form and with ``make stress`` in full.
"""

import json
import os
from pathlib import Path

from .server_case import ServerCase

#: Variable of the environment that ``make stress`` sets: the file for the results.
REPORT = "FASTAPI_STRESS_REPORT"


class StressCase(ServerCase):
    #: Whether the cases run in full.
    full = REPORT in os.environ

    @classmethod
    def size(cls, full, short):
        """Return how much there is to do."""
        return full if cls.full else short

    def setUp(self):
        super().setUp()
        self.note()  # that it has started, should it come to no conclusion

    def note(self, **row):
        """Write a line for ``make stress``."""
        if self.full:
            with Path(os.environ[REPORT]).open("a") as report:
                report.write(f"{json.dumps({'test': self.id(), **row})}\n")

    def conclude(self, case, tried, failures):
        """Write a row of the table; fail if anything was lost or leaked.

        :param case: what was tried, a few words
        :param tried: how many times
        :param failures: one line for each thing that was lost, leaked or wrong
        """
        failures = [str(failure) for failure in failures]
        self.note(case=case, tried=tried, failures=len(failures))
        self.assertTrue(tried, f"{case}: nothing was tried")
        self.assertFalse(
            failures,
            "\n".join([f"{case}: {len(failures)} of {tried}", *failures[:20]]),
        )
