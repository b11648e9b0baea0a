# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``RequestObserver``: what another addon may want to know about a request.

An addon appends one to ``observers`` of the dispatcher, for example in an override of
``ir.http._authenticate``, which runs before each attempt. A subclass of the dispatcher
would also serve databases without the addon.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from starlette.types import Scope

    from odoo.http import Response

__all__ = ["RequestObserver"]


class RequestObserver(Protocol):
    """Learns how the app responds. Its methods must be fast, and must not raise."""

    def ran(self, scope: Scope, exc: BaseException | None) -> None:
        """Called when the app has run, or accepted or refused a WebSocket.

        A replay of the request may follow. The scope has the route and the
        ``RequestState`` with the caller. Don't keep it: it refers to the request.

        :param exc: exception of a handler, or from outside, that the app has responded
            to; with its traceback, which is forgotten later. If it has an attribute
            ``is_error`` that is false, it is only a way to respond.
        """

    def built(self, response: Response) -> None:
        """Called with a response of the app, before background tasks wait for its end.

        What is added to it by ``call_on_close`` runs before these tasks. The response
        may still be dropped: after a conflict, or an error at the commit.
        """

    def dispatched(self, response: Response) -> None:
        """Called with the response that ``dispatch`` has returned, before the commit.

        An override of ``dispatch`` may have changed or replaced what ``built`` got.
        """

    def failed(self, exc: BaseException, response: Response) -> None:
        """Called when the request is rolled back, with the response that Odoo gets.

        :param exc: the cause, with its traceback, which is forgotten afterwards
        """
