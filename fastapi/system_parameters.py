# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Numbers that an administrator sets as system parameters."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from odoo.api import Environment

__all__ = ["get_number"]

_logger = logging.getLogger(__name__)


def get_number(env: Environment, name: str, default: float) -> float:
    """Return a system parameter; the default if it is not a number, or is below 0.

    :param name: key of the parameter
    """
    # sudo: the user of an endpoint can't read system parameters
    text = env["ir.config_parameter"].sudo().get_param(name)
    try:
        number = float(text or default)
    except ValueError:
        number = -1
    if not 0 <= number < float("inf"):
        _logger.warning(
            "The system parameter %s is %r, which is not a number from 0 on; "
            "%s is used instead.",
            name,
            text,
            default,
        )
        return default
    return number
