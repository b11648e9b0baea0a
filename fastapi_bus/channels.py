# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Names of channels.

A channel of an app is a text like ``orders/7``. In Odoo's bus it is a list of three
parts, which begins with the database and the name of this addon. Clients of Odoo's own
``/websocket`` can subscribe to any channel that is a text, so they must not be able to
name a channel of an app.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote

from odoo.models import BaseModel

if TYPE_CHECKING:
    #: The name of a channel of an app, or a channel of Odoo's: a record, or a record
    #: and the name of one of its channels.
    Channel: TypeAlias = str | BaseModel | tuple[BaseModel, str]

__all__ = ["channel", "describe", "get_record_channel", "get_target"]

#: Two segments at least: a fixed one, by which the app tells its channels apart, and
#: more.
NAME = re.compile(r"[\w.~%-]+(/[\w.~%-]+)+", re.ASCII)
#: Largest number of characters of a name.
MAX_LENGTH = 200


def channel(*parts: str | int) -> str:
    """Return the name of a channel, with its parts quoted and separated by ``/``.

    A part that a client has sent can't become several parts, or none:
    ``channel("chat", "7/private")`` returns ``chat/7%2Fprivate``.
    """
    return "/".join(quote(str(part), safe="") or "%" for part in parts)


def get_target(channel: Channel, dbname: str) -> tuple[Any, ...]:
    """Return a channel as Odoo's bus has it.

    :raises TypeError: it is neither a text nor a record
    :raises ValueError: the name has one segment only, is too long, or has characters
        that ``channel`` quotes; or there is not exactly one record
    """
    if isinstance(channel, str):
        if not NAME.fullmatch(channel) or len(channel) > MAX_LENGTH:
            raise ValueError(
                f"{channel[:MAX_LENGTH]!r} is not the name of a channel: at least two "
                "parts, separated by /, in all at most "
                f"{MAX_LENGTH} characters. fastapi_bus.channel(…) quotes parts."
            )
        return (dbname, "fastapi_bus", channel)
    record, *names = channel if isinstance(channel, tuple) else (channel,)
    if (
        not isinstance(record, BaseModel)
        or len(names) > 1
        or not all(isinstance(name, str) for name in names)
    ):
        raise TypeError(f"{channel!r} is neither the name of a channel nor a record.")
    record.ensure_one()
    return (dbname, record._name, record.id, *names)


def get_record_channel(model: str, dbname: str) -> tuple[str, ...]:
    """Return the channel of the changes of a model, which apps can't name."""
    return (dbname, "fastapi_bus.records", model)


def describe(target: tuple[Any, ...]) -> str:
    """Return the name of a channel as the app knows it, or model and id of a record."""
    parts = target[2:] if target[1] == "fastapi_bus" else target[1:]
    return ",".join(map(str, parts))
