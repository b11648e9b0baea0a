# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Dependencies by which a route says that it is a tool, a resource or a prompt.

They only document: requests don't call them (see ``fastapi.app.route_apps``).
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
    """Return a dependency that makes a route a tool.

    Use it on a route, a router or an app::

        @router.get("/orders", dependencies=[mcp_tool()])

    The arguments of a route take precedence over those of its router, and these over
    those of the app. Without ``read_only``, only routes with the method GET are tools.

    Agents see the operation id as the name, and the docstring as the description. Write
    both for a reader who knows nothing about the API.

    :param read_only: False if routes that write are tools, too; True for a POST that
        only reads. A GET always counts as reading
    :param destructive: whether a call may overwrite or delete something. The default is
        True for PUT, PATCH and DELETE
    :param idempotent: whether repeating a call with the same arguments has no further
        effect. The default is True for PUT and DELETE
    :param name: replaces the operation id: at most 64 of the characters ``A-Z``,
        ``a-z``, ``0-9``, ``_`` and ``-``
    :param title: name for people; replaces the summary
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
    """Return a dependency that excludes a route from ``mcp_tool()`` of its router."""
    return Depends(ToolMark(excluded=True))


def mcp_resource(
    uri: str | None = None,
    *,
    name: str | None = None,
    title: str | None = None,
    mime_type: str | None = None,
) -> Any:
    """Return a dependency that makes a GET route a resource.

    A resource is content that a user adds to a conversation. A route with
    path parameters is a resource template.

    :param uri: URI with the path parameters in braces. The default is
        ``odoo://<root path>/<path>``
    :param name: replaces the operation id
    :param title: name for people; replaces the summary
    :param mime_type: media type of the response. The default is that of the route
    """
    return Depends(ResourceMark(uri=uri, name=name, title=title, mime_type=mime_type))


def mcp_prompt(*, name: str | None = None, title: str | None = None) -> Any:
    """Return a dependency that makes a GET route a prompt.

    A prompt is a text that a user starts a conversation with. Its arguments are the
    parameters of the route. The route returns a string or ``PromptMessages``.

    :param name: replaces the operation id
    :param title: name for people; replaces the summary
    """
    return Depends(PromptMark(name=name, title=title))


@dataclass(frozen=True)
class Mark:
    """A dependency that marks a route."""

    name: str | None = None
    title: str | None = None

    #: Requests don't call it.
    documents_only = True

    async def __call__(self) -> None:
        """Do nothing. Async, so that it is not replaced (``app.callables``)."""


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
    """Return the marks of a route, one of each kind.

    :param calls: dependencies of the route, those of the app first
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
