# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Dependencies by which a route says that it is a tool, a resource or a prompt.

Requests don't call them (``documents_only``, see ``fastapi.app.route_apps``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

from fastapi import Depends

__all__ = [
    "TAG",
    "Mark",
    "PromptMark",
    "ResourceMark",
    "ToolMark",
    "mcp_prompt",
    "mcp_resource",
    "mcp_tool",
    "merge_marks",
    "no_mcp_tool",
]

#: Routes with this tag are tools, like those with ``mcp_tool()``.
TAG = "mcp"


def mcp_tool(
    *,
    read_only: bool | None = None,
    destructive: bool | None = None,
    idempotent: bool | None = None,
    name: str | None = None,
    title: str | None = None,
) -> Any:
    """Return a dependency that makes a route a tool of agents.

    Use it on a route, a router or an app::

        @router.get("/orders", dependencies=[mcp_tool()])

    What a route says takes precedence over its router, and that over the app. Without
    ``read_only``, only routes that read are tools: those with the method GET.

    Agents see the operation id as the name, the docstring as the description. Write
    both for a reader who knows nothing of the API.

    :param read_only: False if routes that write are tools, too; True if a POST only
        reads. A GET always only reads
    :param destructive: whether a call may overwrite or delete something. The default is
        True for PUT, PATCH and DELETE
    :param idempotent: whether a second call with the same arguments changes nothing
        more. The default is True for PUT and DELETE
    :param name: instead of the operation id: up to 64 of the characters ``A-Z``,
        ``a-z``, ``0-9``, ``_`` and ``-``
    :param title: instead of the summary; for people
    """
    return Depends(
        ToolMark(
            read_only=read_only,
            destructive=destructive,
            idempotent=idempotent,
            name=name,
            title=title,
        )
    )


def no_mcp_tool() -> Any:
    """Return a dependency: a route of a router with ``mcp_tool()`` is not a tool."""
    return Depends(ToolMark(excluded=True))


def mcp_resource(
    uri: str | None = None,
    *,
    name: str | None = None,
    title: str | None = None,
    mime_type: str | None = None,
) -> Any:
    """Return a dependency that makes a GET route a resource of agents.

    A resource is something to read that a user adds to a conversation. A route with
    path parameters is a resource template.

    :param uri: has the path parameters in braces. The default is
        ``odoo://<root path>/<path>``
    :param name: instead of the operation id
    :param title: instead of the summary; for people
    :param mime_type: of the response. The default is that of the route
    """
    return Depends(ResourceMark(uri=uri, name=name, title=title, mime_type=mime_type))


def mcp_prompt(*, name: str | None = None, title: str | None = None) -> Any:
    """Return a dependency that makes a GET route a prompt of agents.

    A prompt is a text that a user starts a conversation with. Its arguments are the
    parameters of the route, its text is the response: a text, or ``PromptMessages``.

    :param name: instead of the operation id
    :param title: instead of the summary; for people
    """
    return Depends(PromptMark(name=name, title=title))


@dataclass(frozen=True)
class Mark:
    """A dependency that says what a route is."""

    name: str | None = None
    title: str | None = None

    #: Requests skip it.
    documents_only = True

    async def __call__(self) -> None:
        """Do nothing. It is async so that no route replaces it (``app.callables``)."""


@dataclass(frozen=True)
class ToolMark(Mark):
    """Dependency of :func:`mcp_tool` and :func:`no_mcp_tool`."""

    read_only: bool | None = None
    destructive: bool | None = None
    idempotent: bool | None = None
    excluded: bool = False


@dataclass(frozen=True)
class ResourceMark(Mark):
    """Dependency of :func:`mcp_resource`."""

    uri: str | None = None
    mime_type: str | None = None


@dataclass(frozen=True)
class PromptMark(Mark):
    """Dependency of :func:`mcp_prompt`."""


def merge_marks(calls: Iterable[Any]) -> dict[type[Mark], Mark]:
    """Return what the dependencies of a route say that it is.

    :param calls: the dependencies, those of the app first
    """
    marks: dict[type[Mark], Mark] = {}
    for call in calls:
        if not isinstance(call, Mark):
            continue
        kind = type(call)
        outer = marks.get(kind)
        if outer is None or getattr(call, "excluded", False):
            marks[kind] = call
            continue
        told = {
            field.name: value
            for field in fields(call)
            if (value := getattr(call, field.name)) is not None
        }
        marks[kind] = replace(outer, **told)
    return marks
