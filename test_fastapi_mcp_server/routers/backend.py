# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the backend lists: tools, a resource, a prompt, and a route that is refused."""

from typing import Annotated

from fastapi import APIRouter, Query, UploadFile

from odoo.addons.fastapi.dependencies import require_group, require_scopes
from odoo.addons.fastapi_mcp_server import mcp_prompt, mcp_resource, mcp_tool

router = APIRouter()
writes = mcp_tool(read_only=False)


@router.get("/notes", dependencies=[mcp_tool(title="Find notes")])
def find_notes(
    text: Annotated[str, Query(description="Part of a note.")], limit: int = 10
) -> list[str]:
    """Find notes by their text.

    They are old.
    """
    return []


@router.put(
    "/notes/{note_id}",
    dependencies=[
        writes,
        require_scopes("notes:write"),
        require_group("base.group_user", "base.group_portal"),
    ],
)
def change_note(note_id: int, text: str) -> str:
    """Replace the text of a note."""
    return text


@router.post("/notes/files", dependencies=[writes])
def add_file(file: UploadFile) -> None: ...


@router.get("/rules/{name}", dependencies=[mcp_resource(title="A rule")])
def get_rule(name: str) -> str:
    """The rules of this house."""
    return name


@router.get("/ask", dependencies=[mcp_prompt()])
def ask_for_notes(about: Annotated[str, Query(description="A topic.")]) -> str:
    """Ask for notes."""
    return about


@router.get("/hidden")
def get_hidden() -> None: ...
