# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Former import path of the dispatcher, for addons that extend it."""

from odoo.addons.fastapi.fastapi_dispatcher import FastApiDispatcher

__all__ = ["FastApiDispatcher"]
