# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Makes tools, resources and prompts of the routes of an app.

``marks``      dependencies that mark a route
``marked``     finds the marked routes of an app
``collect``    makes tools, resources and prompts of them
``kinds``      the classes ``Tool``, ``Resource`` and ``Prompt``
``schemas``    JSON schemas from the OpenAPI document of the app
``inputs``     the arguments of a route, from its OpenAPI operation
``outputs``    the output schema of a route
``arguments``  makes an HTTP request of the arguments of an agent
``values``     and strings of their values
``messages``   the response of a prompt with several messages

Nothing here knows Odoo's ORM or the protocol.
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
