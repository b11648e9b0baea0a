# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Keeps what the SDK logs on each request out of Odoo's log.

Another addon of the same process may use the SDK, too. So the filter only drops records
of requests to the MCP servers of this addon, and only up to the level WARNING: clients
can cause these at will. Errors stay.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["install_filter", "loud", "quiet"]

#: Loggers that the SDK uses in requests.
_LOGGERS = (
    "mcp.server.lowlevel.server",
    "mcp.server.runner",
    "mcp.server.streamable_http",
    "mcp.server.streamable_http_manager",
    "mcp.shared.jsonrpc_dispatcher",
)

#: Whether the running code serves a request to an MCP server of this addon.
_serving: ContextVar[bool] = ContextVar("_serving", default=False)


def _is_wanted(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR or not _serving.get()


def install_filter() -> None:
    """Add the filter to the SDK's loggers; a second call does nothing."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_is_wanted)


@contextmanager
def quiet() -> Iterator[None]:
    """Drop what the SDK logs in the context."""
    token = _serving.set(True)
    try:
        yield
    finally:
        _serving.reset(token)


@contextmanager
def loud() -> Iterator[None]:
    """Log as usual again, for code of the app inside :func:`quiet`."""
    token = _serving.set(False)
    try:
        yield
    finally:
        _serving.reset(token)
