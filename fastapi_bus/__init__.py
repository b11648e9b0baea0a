# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import models
from .channels import channel
from .events import bus_events, send_event
from .exceptions import EventsEnded, SlowListener
from .listeners import EVENTS_LOST, Event
from .records import RecordEvent, record_events

__all__ = [
    "EVENTS_LOST",
    "Event",
    "EventsEnded",
    "RecordEvent",
    "SlowListener",
    "bus_events",
    "channel",
    "record_events",
    "send_event",
]
