# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Tools, resources and prompts: what the routes of an app are for agents.

``marks``      how a route says that it is one
``marked``     finds the marked routes of an app
``collect``    makes tools, resources and prompts of them
``kinds``      what a tool, a resource and a prompt is
``schemas``    JSON schemas from the OpenAPI document of the app
``inputs``     the arguments of a route, from its OpenAPI operation
``outputs``    what a route responds
``arguments``  from the arguments of an agent to an HTTP request
``values``     and the values in it

Nothing here knows Odoo's ORM, nor the protocol.
"""

from .arguments import ToolRequest
from .collect import ToolSet, collect_tools
from .kinds import Prompt, Resource, RouteCall, Tool
from .marks import mcp_prompt, mcp_resource, mcp_tool, no_mcp_tool
from .messages import PromptMessage, PromptMessages
from .values import ArgumentError

__all__ = [
    "ArgumentError",
    "Prompt",
    "PromptMessage",
    "PromptMessages",
    "Resource",
    "RouteCall",
    "Tool",
    "ToolRequest",
    "ToolSet",
    "collect_tools",
    "mcp_prompt",
    "mcp_resource",
    "mcp_tool",
    "no_mcp_tool",
]
