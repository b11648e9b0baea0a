# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Authentication: ways to verify a credential, and what routes require of callers."""

from ..exceptions import InvalidCredentials
from .api_key import ApiKeyWay
from .basic import BasicWay
from .caller import Caller
from .session import SessionWay
from .ways import Authentication, Way

__all__ = [
    "ApiKeyWay",
    "Authentication",
    "BasicWay",
    "Caller",
    "InvalidCredentials",
    "SessionWay",
    "Way",
]
