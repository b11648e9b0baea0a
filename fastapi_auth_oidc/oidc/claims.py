# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Reads the claims of a token that identify its caller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["get_identifier", "get_text", "is_email_verified"]

#: Characters of the longest claim that is stored, or searched for.
MAX_CLAIM_LENGTH = 255


def get_text(claims: Mapping[str, Any], name: str) -> str | None:
    """Return a claim without spaces around it, None if it can't be stored."""
    value = claims.get(name)
    if isinstance(value, str) and len(value) <= MAX_CLAIM_LENGTH and "\0" not in value:
        return value.strip() or None
    return None


def get_identifier(claims: Mapping[str, Any], name: str) -> str | None:
    """Return a claim to search for, None if it can't be one.

    With spaces around it, it can't: the provider may use the same name without the
    spaces for another person.
    """
    value = get_text(claims, name)
    return value if value == claims.get(name) else None


def is_email_verified(claims: Mapping[str, Any]) -> bool:
    """Return whether the provider has verified the email of a caller."""
    value = claims.get("email_verified")
    return value is True or value == "true"  # the latter from Amazon Cognito
