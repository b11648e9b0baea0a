# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the dispatcher gives Odoo instead of an exception, and what it logs of it.

Odoo sets attributes of an exception, and reads the response from it. An instance at
module level would carry them from one request to the next, and some exceptions refuse
attributes.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from .app.error_log import log_error
from .bridge import forget_tracebacks, get_state
from .bridge.request_state import STATE_KEY, RequestState
from .error_handlers import attached_headers, exception_headers
from .exceptions import AppBuildError, HandledError, WebSocketRefused
from .handshake import keep_refusal

if TYPE_CHECKING:
    from starlette.types import Scope

    from odoo.http import Response

__all__ = ["AddedHeaders", "make_handled_error"]

_logger = logging.getLogger(__name__)


class AddedHeaders:
    """The headers that overrides of ``dispatch`` add to a handler's exception.

    :param exc: the exception, before any override has seen it
    """

    def __init__(self, exc: BaseException) -> None:
        self._had_none = "headers" not in vars(exc)
        self._before = _get_headers(exc)

    def move(self, exc: BaseException, response: Response) -> None:
        """Take them from the exception, and set them on the response to it."""
        for name, value in _get_headers(exc):
            if (name, value) not in self._before:
                response.headers[name] = value
        if self._had_none:
            vars(exc).pop("headers", None)


def make_handled_error(
    exc: Exception, response: Response, httprequest: Any, scope: Scope | None
) -> HandledError:
    """Log an exception, and return its replacement for Odoo.

    No data of the request stays on the exception.

    :param exc: the exception
    :param response: the response to it
    :param httprequest: the request, of Odoo
    :param scope: ASGI scope of the request, None if it has not reached the app
    """
    method, path = httprequest.method, httprequest.path
    keep_refusal(response, httprequest)
    if isinstance(exc, WebSocketRefused):
        level = logging.DEBUG if response.status_code < 500 else logging.WARNING
        _logger.log(level, "WebSocket %s: %s", path, exc.detail)
    elif max(response.status_code, _get_inner_status(scope)) < 500:
        name = type(exc).__name__
        _logger.debug("%s %s: %s after %s", method, path, response.status, name)
    else:
        name = exc.name if isinstance(exc, AppBuildError) else ""
        state = RequestState(name=name)
        log_error(exc, scope or {"method": method, "path": path, STATE_KEY: state})
    forget_tracebacks(exc)
    return HandledError(exc, response)


def _get_inner_status(scope: Scope | None) -> int:
    """Return the status of an inner request, 0 without one."""
    state = get_state(scope) if scope is not None else None
    return state.inner.status if state is not None and state.inner is not None else 0


def _get_headers(exc: BaseException) -> list[tuple[str, str]]:
    return [*exception_headers(exc), *attached_headers(exc)]
