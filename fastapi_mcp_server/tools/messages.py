# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the route of a prompt returns if the prompt has several messages."""

from typing import Literal

from pydantic import BaseModel, Field

__all__ = ["PromptMessage", "PromptMessages"]


class PromptMessage(BaseModel):
    """One message of a prompt."""

    role: Literal["user", "assistant"] = "user"
    text: str


class PromptMessages(BaseModel):
    """The messages of a prompt, in the order of the conversation."""

    description: str | None = None
    messages: list[PromptMessage] = Field(min_length=1)
