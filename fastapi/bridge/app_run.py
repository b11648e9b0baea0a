# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Runs an ASGI app on the caller's thread, for HTTP requests and WebSockets alike.

While the app waits, the client is watched. An app that does not end after its client
has disconnected is cancelled.
"""

from __future__ import annotations

import asyncio
import logging
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from werkzeug.exceptions import ServiceUnavailable

from .loops import STOP_GRACE, Work, describe_callable
from .servers import Client

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Scope

    from .loops import Loop

__all__ = ["DISCONNECT_GRACE", "NOTICE_GRACE", "AppRun", "resolve"]

_logger = logging.getLogger(__name__)

#: Seconds after which an app that does not notice the disconnect is cancelled.
NOTICE_GRACE = 0.8
#: Seconds that an app may take to end after it has noticed or was cancelled.
DISCONNECT_GRACE = 5
#: Seconds between checks of a client that has sent more than its request.
LOOK_INTERVAL = 0.5


class AppRun(Work):
    """An ASGI app that runs on the caller's thread, for one client.

    :param app: ASGI application
    :param scope: ASGI scope
    :param loop: an event loop that only this object runs
    :param environ: WSGI environ, for the socket of the client
    """

    _task: asyncio.Task[None]
    #: File descriptor of the client's socket that the loop watches.
    _watched: int | None = None
    _look_timer: asyncio.TimerHandle | None = None
    _client_gone = False
    _disconnected = False
    _stopped = False
    #: Whether the app knows of the disconnect.
    _noticed = False

    def __init__(
        self,
        app: ASGIApp,
        scope: Scope,
        loop: Loop,
        environ: Mapping[str, Any] | None = None,
    ) -> None:
        self._app = app
        self.scope = scope
        self._loop = loop
        self._environ = environ
        #: Whether the caller's turn has come.
        self._turn = False
        #: Done when nothing more is to come from the client.
        self._over: asyncio.Future[None] = loop.create_future()
        loop.work = self
        #: Status code of the response, 0 before it started.
        self.status: int = 0

    def __str__(self) -> str:
        path = getattr(self.scope.get("route"), "path", None) or self.scope["path"]
        return f"{self.scope.get('method', 'WebSocket')} {path}"

    @cached_property
    def _client(self) -> Client:
        return Client(self._environ or {})

    def _run_until_turn(self) -> None:
        """Run the app until the caller has to do something."""
        self._turn = False
        while not self._turn:
            self._loop.run_forever()
        if self._stopped and (not self._task.done() or self._task.cancelled()):
            self._cut()
        if self._task.done():
            try:
                self._task.result()
            except asyncio.CancelledError as err:  # by the app itself
                raise RuntimeError("The app cancelled its own task.") from err

    def _cut(self) -> NoReturn:
        raise ServiceUnavailable("The server stops.")

    def _give_turn(self) -> None:
        # saves two turns of the loop, compared to a future and run_until_complete
        self._turn = True
        self._loop.stop()

    def _run_for(self, seconds: float) -> bool:
        """Run the app to its end; return False if that takes too long.

        A call on another thread has no time limit unless the server stops, because it
        may use the database.
        """
        loop = self._loop
        timer = loop.call_later(STOP_GRACE if self._stopped else seconds, loop.stop)
        while not self._task.done():
            loop.run_forever()
            over = loop.time() >= timer.when()
            if over and (self._stopped or not loop.running_calls):
                break
        timer.cancel()
        return self._task.done()

    def _run_to_end(self) -> None:
        """Run an app to its end whose client has disconnected.

        An app that does not end is cancelled, and abandoned if that does not help.

        :raises Exception: the app raised it after the disconnect
        """
        if not self._run_for(NOTICE_GRACE) and not self._noticed:
            self._task.cancel()
        if not self._run_for(DISCONNECT_GRACE):
            self._task.cancel()
            if not self._run_for(DISCONNECT_GRACE):
                _logger.error(
                    "%s does not end after it was cancelled, and is given up.",
                    describe_callable(self._app),
                )
                return
        if not self._task.cancelled():
            self._task.result()

    def stop_watching(self) -> None:
        """Stop watching the client."""
        if self._watched is not None:
            self._loop.remove_reader(self._watched)
            self._watched = None
        if self._look_timer is not None:
            self._look_timer.cancel()
            self._look_timer = None

    def wait(self) -> None:
        if (
            self._watched is None
            and not self._disconnected
            and self._client.socket is not None
        ):
            descriptor = self._client.socket.fileno()
            if descriptor >= 0:
                self._watched = descriptor
                self._loop.add_reader(descriptor, self._look)

    def _look(self) -> None:
        """Check whether the client has disconnected, or has sent more data."""
        if self._client_gone or self._watched is None:
            return
        self._loop.remove_reader(self._watched)
        if not self._client.gone():
            self._look_timer = self._loop.call_later(LOOK_INTERVAL, self._look)
            return
        self._client_gone = True
        self._on_client_gone()

    def _on_client_gone(self) -> None:
        resolve(self._over)

    def stop(self) -> None:
        self._stopped = True
        if not self._task.done():
            self._task.cancel()
            self._loop.call_later(STOP_GRACE, self._give_turn)


def resolve(future: asyncio.Future[None] | None) -> None:
    """Set the result of a future that may be done."""
    if future is not None and not future.done():
        future.set_result(None)
