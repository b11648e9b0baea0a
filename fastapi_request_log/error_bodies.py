# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Adds the request id to the body of a 500, so that a client can report it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from odoo.addons.fastapi.error_handlers import json_content

if TYPE_CHECKING:
    from odoo.http import Response

__all__ = ["add_request_id"]

#: Name of the id in the body.
REQUEST_ID = "request_id"


def add_request_id(response: Response, request_id: str) -> None:
    """Add the id to a body ``{"detail": …}``; an app's own body stays as it is."""
    if response.mimetype != "application/json" or not response.is_sequence:
        return
    try:
        content = json.loads(response.get_data())
    except ValueError:
        return
    if isinstance(content, dict) and content.keys() == {"detail"}:
        response.set_data(json_content({**content, REQUEST_ID: request_id}))
