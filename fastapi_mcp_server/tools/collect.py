# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Finds the tools, resources and prompts of an app."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastapi import FastAPI

from .kinds import Prompt, Resource, Tool

__all__ = ["ToolSet", "collect_tools"]


@dataclass(frozen=True)
class ToolSet:
    """What the routes of an app are for agents.

    :param tools: by name, in the order of the app
    :param resources: by URI or URI template
    :param prompts: by name
    :param refused: routes that are marked, but can't be what the mark says; each with
        the reason, a sentence
    """

    tools: dict[str, Tool] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    prompts: dict[str, Prompt] = field(default_factory=dict)
    refused: list[tuple[str, str]] = field(default_factory=list)

    def find_resource(self, uri: str) -> tuple[Resource, dict[str, str]] | None:
        """Return the resource with a URI, and the arguments in the URI."""
        for resource in self.resources.values():
            arguments = resource.match(uri)
            if arguments is not None:
                return resource, arguments
        return None


def collect_tools(app: FastAPI, root_path: str = "") -> ToolSet:
    """Return the tools, resources and prompts of an app, as its routes are now.

    :param root_path: of the endpoint, for the URIs of resources
    """
    return ToolSet()
