# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Reads credentials from the header ``Authorization: Bearer``."""

from typing import Any

from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import Field
from starlette.requests import HTTPConnection

__all__ = ["BearerCredentials", "BearerScheme"]


class BearerCredentials(HTTPAuthorizationCredentials):
    """A key or token; ``repr`` hides it."""

    credentials: str = Field(repr=False)


class BearerScheme(HTTPBearer):
    """FastAPI's scheme; returns None without a credential."""

    def __init__(self, *, scheme_name: str, **options: Any) -> None:
        super().__init__(scheme_name=scheme_name, auto_error=False, **options)

    async def __call__(self, request: HTTPConnection) -> BearerCredentials | None:
        found = await super().__call__(request)
        if found is None:
            return None
        return BearerCredentials(scheme=found.scheme, credentials=found.credentials)
