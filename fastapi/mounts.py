# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Where the endpoints of a database are mounted, and their built apps.

Pure Python. The model ``fastapi.endpoint`` fills the table; the router and the
dispatcher ask it on every request.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .exceptions import AppNotReadyError, StartTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .bridge import WsgiApp

__all__ = [
    "HUNG_DELAY",
    "AppNotReadyError",
    "BuiltApps",
    "Mount",
    "MountTable",
]

#: Seconds that requests wait for an app which another request is building.
BUILD_WAIT = 10
#: Seconds after which an app that did not start in time is tried again.
HUNG_DELAY = 30


@dataclass(frozen=True, eq=False)
class Mount:
    """What a request has to know of the endpoint it is for.

    Serves as the endpoint of Odoo's routing rules, hence ``routing`` and ``func``.

    :param endpoint_id: id of the ``fastapi.endpoint``
    :param root_path: where it is mounted
    :param uid: id of the user that runs it
    :param app_version: changes whenever the app has to be built anew
    :param routing: what ``_get_routing_info`` returned
    """

    endpoint_id: int
    root_path: str
    uid: int
    app_version: str
    routing: Mapping[str, Any]

    @property
    def func(self) -> Callable[..., Any]:
        """A bound method: Odoo passes its ``__self__`` to callables in ``routing``."""
        return self.__eq__


class MountTable:
    """All mounts of a database, as one transaction saw them.

    :param mounts: of the active endpoints
    :param sequence: Odoo's signalling sequence of routes in the same transaction: the
        table is out of date as soon as the registry knows a higher one
    :param archived: root paths of the archived endpoints
    """

    def __init__(
        self, mounts: Iterable[Mount], sequence: int, archived: Iterable[str] = ()
    ) -> None:
        self._archived = frozenset(archived)
        self.by_root_path = {mount.root_path: mount for mount in mounts}
        self.sequence = sequence
        #: Characters and segments that a path is looked at; clients choose its length.
        self._max_length = max(map(len, self.by_root_path), default=0) + 1
        depths = (path.count("/") for path in self.by_root_path)
        self._max_depth = max(depths, default=0)

    def find(self, path: str) -> Mount | None:
        """Return the mount that serves ``path``: the longest one, by whole segments.

        :param path: path of a URL, decoded
        """
        depth = self._max_depth
        segments = path[: self._max_length].split("/", depth + 1)[: depth + 1]
        while len(segments) > 1:
            # nothing is mounted at a path that ends in a slash
            mount = segments[-1] and self.by_root_path.get("/".join(segments))
            if mount:
                return mount
            segments.pop()
        return None

    def is_archived(self, path: str) -> bool:
        """Return whether ``path`` is below the root path of an archived endpoint.

        Asked only where neither an endpoint nor Odoo serves the path.

        :param path: path of a URL, decoded
        """
        return any(f"{path}/".startswith(f"{root}/") for root in self._archived)


@dataclass
class _Slot:
    """The app of one endpoint. The lock is held while it is built."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    #: with the lock: the thread that has it is at it already
    building: bool = False
    #: when that began, in seconds of ``time.monotonic``
    since: float | None = None
    #: version and app, one object so that they are read and replaced together
    built: tuple[str, WsgiApp] | None = None
    #: version that did not start in time, why, and when it may be tried again
    hung: tuple[str, StartTimeoutError, float] | None = None


class BuiltApps:
    """The apps of a database that this process has built, one for each endpoint."""

    def __init__(self) -> None:
        self._slots: dict[int, _Slot] = {}
        self._closed = False

    def get(
        self,
        endpoint_id: int,
        version: str,
        build: Callable[[], tuple[str, WsgiApp | None]],
    ) -> WsgiApp | None:
        """Return the app of an endpoint, building it if there is none of ``version``.

        An app of another version than the one asked for, seen by a transaction that is
        older or not committed yet, is returned but not kept.

        Whoever waits for an app occupies a connection to the database, so the wait has
        an end: an app that hangs must not take the connections of all others.

        :param build: returns the version it has seen, and the app if there is one
        :raises AppNotReadyError: another request has been building it for too long, or
            it has hung when it was to start a moment ago
        :raises RuntimeError: ``build`` itself has asked for the app
        """
        slot = self._slots.get(endpoint_id)
        if slot is None:
            slot = self._slots.setdefault(endpoint_id, _Slot())
        built = slot.built
        if built is not None and built[0] == version:
            return built[1]
        since = slot.since
        waited = 0 if since is None else time.monotonic() - since
        if not slot.lock.acquire(timeout=max(0, BUILD_WAIT - waited)):
            raise AppNotReadyError("is still starting", BUILD_WAIT)
        try:
            built = slot.built
            if built is None or built[0] != version:
                if slot.building:
                    raise RuntimeError("An app is asked for by what builds it.")
                self._check_hung(slot, version)
                slot.building = True
                slot.since = time.monotonic()
                try:
                    built = build()
                except StartTimeoutError as err:
                    slot.hung = version, err, time.monotonic() + HUNG_DELAY
                    raise
                finally:
                    slot.building = False
                    slot.since = None
                slot.hung = None
                if built[0] == version and not self._closed:
                    slot.built = built
        finally:
            slot.lock.release()
        return built[1]

    def _check_hung(self, slot: _Slot, version: str) -> None:
        if slot.hung is None:
            return
        hung_version, err, end = slot.hung
        left = end - time.monotonic()
        if hung_version == version and (left > 0 or not err.is_over()):
            raise AppNotReadyError("has not started in time", left) from err

    def retain(self, endpoint_ids: Iterable[int]) -> None:
        """Drop the apps of all other endpoints."""
        kept = set(endpoint_ids)
        for endpoint_id in [key for key in self._slots if key not in kept]:
            self._slots.pop(endpoint_id, None)

    def close(self) -> None:
        """Drop all apps, and keep none from now on: the database is loaded anew."""
        self._closed = True
        self.retain(())
