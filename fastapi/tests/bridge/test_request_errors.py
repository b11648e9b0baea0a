# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Exceptions without their wrappers."""

# pylint: disable=translation-required,missing-return
from odoo.tests import BaseCase

from ...bridge.request_errors import original_exception


class TestOriginalException(BaseCase):
    def _wrap(self, exc, times=1):
        for _level in range(times):
            wrapped = RuntimeError(
                "Caught handled exception, but response already started."
            )
            wrapped.__cause__ = exc
            exc = wrapped
        return exc

    def test_plain(self):
        error = ValueError("cause")
        self.assertIs(original_exception(error), error)

    def test_wrapped(self):
        error = ValueError("cause")
        for times in (1, 2, 3):
            self.assertIs(original_exception(self._wrap(error, times)), error)

    def test_runtime_error_of_somebody_else(self):
        error = RuntimeError("something")
        error.__cause__ = ValueError("cause")
        self.assertIs(original_exception(error), error)

    def test_without_cause(self):
        error = RuntimeError("response already started")
        self.assertIs(original_exception(error), error)
