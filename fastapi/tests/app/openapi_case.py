# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Apps with many operations."""

import warnings


def make_handler(name):
    def handler():
        """Not called."""

    handler.__name__ = name
    return handler


def get_operations(app):
    with warnings.catch_warnings():
        # FastAPI's, before there are short ids: those of two routes are the same
        warnings.filterwarnings("ignore", "Duplicate Operation ID")
        document = app.openapi()
    return {
        (method, path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }
