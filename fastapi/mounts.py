# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Finds the endpoint that serves a path, on every request. Pure Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .root_paths import is_below

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Mount", "MountTable", "is_alone"]


@dataclass(frozen=True, eq=False)
class Mount:
    """What a request needs to know about its endpoint.

    Odoo's routing rules have it as ``endpoint``: they need ``routing`` and ``func``.

    :param endpoint_id: id of the ``fastapi.endpoint``
    :param root_path: root path of the endpoint
    :param uid: id of the endpoint's user
    :param app_version: changes when the app has to be rebuilt
    :param routing: result of ``_get_routing_info``
    """

    endpoint_id: int
    root_path: str
    uid: int
    app_version: str
    routing: Mapping[str, Any]

    def func(self, *_args: Any, **_kwargs: Any) -> None:
        """Replaces a controller's method, but is never called.

        Odoo passes ``func.__self__`` to callables in ``routing``.
        """
        raise NotImplementedError


class MountTable:
    """The mounts of a database, as one transaction saw them.

    :param mounts: mounts of the active endpoints
    :param sequence: Odoo's signaling sequence of the routing cache, read in the same
        transaction. The table is outdated if the registry has a higher one.
    :param archived: root paths of archived endpoints
    :param unreadable: root paths of active endpoints that can't be read
    """

    def __init__(
        self,
        mounts: Iterable[Mount],
        sequence: int,
        archived: Iterable[str] = (),
        unreadable: Iterable[str] = (),
    ) -> None:
        self._archived = frozenset(archived)
        self._unreadable = frozenset(unreadable)
        self.by_root_path = {mount.root_path: mount for mount in mounts}
        #: Routing rules of mounts that need no further matching, None for others, by
        #: root path (``ir.http._match``).
        self.own_rules: dict[str, Any] = {}
        #: The routing rules of controllers; None until a request has read them.
        self.controller_rules: list[str] | None = None
        self.sequence = sequence
        # clients choose the length of a path, so find() cuts it
        self._max_length = max(map(len, self.by_root_path), default=0) + 1
        depths = (path.count("/") for path in self.by_root_path)
        self._max_depth = max(depths, default=0)

    def find(self, path: str) -> Mount | None:
        """Return the mount with the longest root path that ``path`` is below.

        :param path: path of a URL, decoded
        """
        depth = self._max_depth
        segments = path[: self._max_length].split("/", depth + 1)[: depth + 1]
        while len(segments) > 1:
            # nothing is mounted at a path that ends with a slash
            mount = self.by_root_path.get("/".join(segments)) if segments[-1] else None
            if mount is not None:
                return mount
            segments.pop()
        return None

    def is_archived(self, path: str) -> bool:
        """Return whether ``path`` is below the root path of an archived endpoint.

        This is slow. Call it only if neither an endpoint nor Odoo serves the path.

        :param path: path of a URL, decoded
        """
        return any(is_below(path, root_path) for root_path in self._archived)

    def is_unreadable(self, path: str) -> bool:
        """Return whether ``path`` is below the root path of an unreadable endpoint.

        As slow as :meth:`is_archived`.
        """
        return any(is_below(path, root_path) for root_path in self._unreadable)


def is_alone(root_path: str, rules: Iterable[str]) -> bool:
    """Return whether no rule can match a root path or a path below it.

    A rule with a variable may match everything that starts with the text before it.

    :param rules: rules of werkzeug, for example ``/web/content/<int:id>``
    """
    root = f"{root_path}/"
    for rule in rules:
        prefix, variable, _rest = rule.partition("<")
        if variable and root.startswith(prefix):
            return False
        if f"{prefix}/".startswith(root):
            return False
    return True
