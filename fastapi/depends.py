# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Deprecated name of ``dependencies``."""

import warnings

from .dependencies import *  # noqa: F403

warnings.warn(
    "odoo.addons.fastapi.depends is deprecated, import from "
    "odoo.addons.fastapi.dependencies instead.",
    DeprecationWarning,
    stacklevel=2,
)
