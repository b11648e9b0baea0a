# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Stops the apps when the threaded server stops.

The server calls the functions of ``CommonServer.on_stop`` one after the other, in the
order of their registration, and then closes all connections to the database. This
module is imported last, so requests and WebSockets have been told to end when the apps
stop. Until the apps have stopped, works of ``tx.run`` go on.

Prefork workers don't call these functions. Their apps and works stop at the end of the
process (``bridge.process_end``). The evented server ends at once.
"""

from __future__ import annotations

from odoo.service.server import CommonServer

from . import fastapi_dispatcher, websockets  # noqa: F401  register their functions
from .bridge.lifespan import stop_lifespans
from .bridge.loops import STOP_GRACE, wait_for_requests
from .transactions import cancel_works

__all__ = ["stop_apps"]


def stop_apps() -> None:
    """Stop the apps after their requests, and then end all works."""
    wait_for_requests(2 * STOP_GRACE)  # they may use what their app has opened
    stop_lifespans()
    cancel_works()


CommonServer.on_stop(stop_apps)
