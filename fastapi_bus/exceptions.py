# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Why events end before the app does::

EventsEnded
  SlowListener      the app has not taken events in time
"""

from __future__ import annotations

from odoo.addons.fastapi.exceptions import StreamCut

__all__ = ["EventsEnded", "SlowListener"]


class EventsEnded(StreamCut):
    """There are no more events: the server stops, or the database is gone.

    If the app does not catch it, a stream is cut off, and a WebSocket is closed with
    1013 (try again later). Nothing is logged as an error. The client reconnects.
    """


class SlowListener(EventsEnded):
    """More events wait for the app than it asked to keep.

    The client reconnects with the id of its last event.
    """
