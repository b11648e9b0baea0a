# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.api import Environment

from . import idempotency
from . import models
from .exceptions import TooManyRequests
from .idempotency import (
    accept_idempotency_key,
    idempotency_caller,
    ignore_idempotency_key,
    require_idempotency_key,
)
from .rates import limit

__all__ = [
    "TooManyRequests",
    "accept_idempotency_key",
    "idempotency_caller",
    "ignore_idempotency_key",
    "limit",
    "require_idempotency_key",
]


def uninstall_hook(env: Environment) -> None:
    """Delete the system parameters: the address of a storage may have a password."""
    parameters = env["ir.config_parameter"]
    parameters.search([("key", "=like", r"fastapi\_limits.%")]).unlink()
