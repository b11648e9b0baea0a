# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Prepares FastAPI apps for the bridge when they are built, and documents them.

``prepare`` is the entry point, which calls the other modules once for each app.
"""
