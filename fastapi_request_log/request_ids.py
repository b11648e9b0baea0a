# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Request ids: of the client or new, and in the lines of Odoo's log."""

from __future__ import annotations

import functools
import logging
import re
from contextvars import ContextVar
from random import getrandbits
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "HEADER",
    "RequestIdFilter",
    "get_request_id",
    "install_filter",
    "request_id_ctx",
]

HEADER = "X-Request-ID"
#: The id of the request in the current context, None if it has none.
request_id_ctx: ContextVar[str | None] = ContextVar("request_id_ctx", default=None)

#: Ids of clients that are kept: UUIDs, and what proxies and tracing tools make. No
#: spaces, quotes or percent signs, because the ids are in lines of the log.
_VALID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=@-]{0,127}")


def get_request_id(environ: Mapping[str, str]) -> str:
    """Return the request id that the client has sent, or a new one.

    :param environ: WSGI environ
    """
    sent = environ.get("HTTP_X_REQUEST_ID")
    if sent is not None and _VALID.fullmatch(sent):
        return sent
    # need not be secret, so the operating system need not be asked
    return getrandbits(128).to_bytes(16, "big").hex()  # faster than ``%032x``


class RequestIdFilter(logging.Filter):
    """Adds the request id to the lines of the log: ``… [request 7f3a…]``.

    It is a filter because a formatter would have to replace that of Odoo, and a factory
    of records that of all libraries. It is on the handlers of the root logger because
    the filters of a logger don't see the records of other loggers. It is there as soon
    as the process knows an endpoint with a log, and changes no other lines: the context
    of other requests, threads and jobs has no id. Records also get the attribute
    ``request_id``, for formatters that write JSON.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        request_id = request_id_ctx.get()
        # another handler may have had the record
        if request_id is not None and not hasattr(record, "request_id"):
            record.request_id = request_id
            # valid ids have no percent sign
            record.msg = f"{record.msg} [request {request_id}]"
        return True


@functools.cache
def install_filter() -> None:
    """Add the filter to the handlers of the root logger, once in a process."""
    request_id_filter = RequestIdFilter()
    for handler in logging.getLogger().handlers:
        handler.addFilter(request_id_filter)
