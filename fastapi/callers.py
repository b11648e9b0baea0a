# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whether the caller of a WebSocket or an event stream may still call."""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection

from odoo.api import Environment
from odoo.http import request
from odoo.modules.registry import Registry

from .auth.run_as import is_active
from .auth.session import make_odoo_recheck
from .context import odoo_env_ctx
from .error_handlers import CONNECTION_ERRORS
from .exceptions import StreamCut

if TYPE_CHECKING:
    from starlette.types import Scope

    from .auth.ways import Recheck
    from .bridge import RequestState

__all__ = ["CREDENTIAL_INTERVAL", "StreamCheck", "make_recheck"]

_logger = logging.getLogger(__name__)

#: Seconds after which a credential is checked again.
CREDENTIAL_INTERVAL = 10


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


class StreamCheck:
    """Checks the caller of a stream, when there is something to send.

    FastAPI sends a comment after 15 quiet seconds. So a lost right is noticed within
    ``CREDENTIAL_INTERVAL`` and these 15 seconds.

    :param recheck: says whether the caller may still call
    :param env: environment of the endpoint's user, which is not kept
    """

    def __init__(self, recheck: Recheck, env: Environment) -> None:
        self._recheck = recheck
        self._dbname: str = env.cr.dbname
        self._uid: int = env.uid
        self._checked = time.monotonic()

    def __call__(self) -> None:
        """Check the caller, unless that was done a moment ago.

        :raises StreamCut: the caller may not call any more
        """
        now = time.monotonic()
        if now - self._checked < CREDENTIAL_INTERVAL:
            return
        try:
            registry = Registry(self._dbname)
            with registry.cursor() as cr:
                registry.check_signaling(cr)
                valid = self._recheck(Environment(cr, self._uid, {}))
                cr.rollback()
        except CONNECTION_ERRORS as err:
            _logger.info("The caller of a stream is checked later: %s", err)
            return
        self._checked = now
        if not valid:
            raise StreamCut("The credential is not valid any more.")
