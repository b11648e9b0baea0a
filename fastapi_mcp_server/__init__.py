# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import controllers
from . import models
from . import wizards
from .tools import (
    PromptMessage,
    PromptMessages,
    mcp_prompt,
    mcp_resource,
    mcp_tool,
    no_mcp_tool,
)

__all__ = [
    "PromptMessage",
    "PromptMessages",
    "mcp_prompt",
    "mcp_resource",
    "mcp_tool",
    "no_mcp_tool",
]
