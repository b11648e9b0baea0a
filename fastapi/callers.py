# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whether the caller of a WebSocket or an event stream may still call."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection

from odoo.http import request

from .auth.run_as import is_active
from .auth.session import make_odoo_recheck
from .context import odoo_env_ctx

if TYPE_CHECKING:
    from starlette.types import Scope

    from .auth.ways import Recheck
    from .bridge import RequestState

__all__ = ["make_recheck"]


def make_recheck(state: RequestState, scope: Scope) -> Recheck | None:
    """Return a function that says whether the caller of the request may still call.

    None if no one was authenticated.
    """
    if state.make_recheck is not None:
        connection, env = HTTPConnection(scope), odoo_env_ctx.get()
        recheck: Recheck = state.make_recheck(connection, env)
        return recheck
    odoo_recheck = make_odoo_recheck() if request else None
    if odoo_recheck is None and state.caller is not None and state.caller.user_id:
        # the app itself has authenticated the caller
        return partial(is_active, state.caller.user_id)
    return odoo_recheck
