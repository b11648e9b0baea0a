# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``Idempotency-Key``: a request is carried out once, however often it is sent.

The names that apps use are exported here.
"""

from . import dispatcher
from .dependencies import (
    accept_idempotency_key,
    idempotency_caller,
    ignore_idempotency_key,
    require_idempotency_key,
)

__all__ = [
    "accept_idempotency_key",
    "idempotency_caller",
    "ignore_idempotency_key",
    "require_idempotency_key",
]
