# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Keeps the built apps of one database in one process. Pure Python."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from .exceptions import AppNotReadyError, StartTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["HUNG_DELAY", "BuiltApps"]

#: Seconds for which a request waits while another one builds the app.
BUILD_WAIT = 10
#: Seconds until an app that has not started in time may be built again.
HUNG_DELAY = 30

App = TypeVar("App")


@dataclass
class _Slot(Generic[App]):
    """The app of one endpoint."""

    #: Held by the thread that builds the app.
    lock: threading.RLock = field(default_factory=threading.RLock)
    #: When the current build began, in seconds of ``time.monotonic``.
    since: float | None = None
    #: The app by its version. It is replaced, not changed, since other threads read it.
    built: dict[str, App] = field(default_factory=dict)
    #: Version that did not start in time, its error, and when it may be built again.
    hung: tuple[str, StartTimeoutError, float] | None = None


class BuiltApps(Generic[App]):
    """Keeps one app for each endpoint, and builds it on first use."""

    def __init__(self) -> None:
        self._slots: dict[int, _Slot[App]] = {}
        self._closed = False

    def get(
        self,
        endpoint_id: int,
        version: str,
        build: Callable[[], tuple[str, App | None]],
    ) -> App | None:
        """Return the app of an endpoint. Build it if ``version`` is not built yet.

        In an old or uncommitted transaction, ``build`` may read another version. That
        app is returned, but not kept.

        :param build: returns the version that it has read, and the app or None
        :raises AppNotReadyError: another request has been building the app for
            ``BUILD_WAIT`` seconds, or the app has recently failed to start in time.
            Requests don't wait longer, because each one occupies a database connection.
        :raises RuntimeError: ``build`` itself requests the app
        """
        slot = self._slots.get(endpoint_id)
        if slot is None:
            slot = self._slots.setdefault(endpoint_id, _Slot())
        if (app := slot.built.get(version)) is not None:
            return app
        since = slot.since
        waited = 0 if since is None else time.monotonic() - since
        if not slot.lock.acquire(timeout=max(0, BUILD_WAIT - waited)):
            raise AppNotReadyError("is still starting", BUILD_WAIT)
        try:
            if (app := slot.built.get(version)) is not None:
                return app
            if slot.since is not None:
                raise RuntimeError("The build of an app requests the app itself.")
            return self._build(slot, version, build)
        finally:
            slot.lock.release()

    def _build(
        self,
        slot: _Slot[App],
        version: str,
        build: Callable[[], tuple[str, App | None]],
    ) -> App | None:
        if slot.hung is not None:
            hung_version, err, end = slot.hung
            left = end - time.monotonic()
            if hung_version == version and (left > 0 or not err.is_over()):
                raise AppNotReadyError("has not started in time", left) from err
        slot.since = time.monotonic()
        try:
            built_version, app = build()
        except StartTimeoutError as err:
            slot.hung = version, err, time.monotonic() + HUNG_DELAY
            raise
        finally:
            slot.since = None
        slot.hung = None
        if app is not None and built_version == version and not self._closed:
            slot.built = {version: app}
        return app

    def retain(self, endpoint_ids: Iterable[int]) -> None:
        """Drop the apps of all other endpoints."""
        for endpoint_id in self._slots.keys() - set(endpoint_ids):
            self._slots.pop(endpoint_id, None)

    def close(self) -> None:
        """Drop all apps and keep no new ones. The registry is no longer in use."""
        self._closed = True
        self.retain(())
