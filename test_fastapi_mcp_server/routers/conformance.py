# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The routes that the conformance suite of the protocol looks for.

Its scenarios name tools, resources and prompts. Those that an HTTP route can't be
are left out: see ``test_library_mcp_conformance``.
"""

import base64
import time
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query
from fastapi.responses import PlainTextResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict

from odoo.addons.fastapi_mcp_server.tools import (
    mcp_prompt,
    mcp_resource,
    mcp_tool,
)

router = APIRouter()

#: One pixel.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAA"
    "AABJRU5ErkJggg=="
)
#: No samples.
WAV = base64.b64decode("UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=")


class PngResponse(Response):
    media_type = "image/png"


class WavResponse(Response):
    media_type = "audio/wav"


class FileBytesResponse(Response):
    media_type = "application/pdf"


@router.get("/text", dependencies=[mcp_tool()], operation_id="test_simple_text")
def simple_text() -> str:
    """Return a text."""
    return "This is a simple text response for testing."


@router.get(
    "/image",
    dependencies=[mcp_tool()],
    operation_id="test_image_content",
    response_class=PngResponse,
)
def image() -> Response:
    """Return an image."""
    return PngResponse(PNG)


@router.get(
    "/audio",
    dependencies=[mcp_tool()],
    operation_id="test_audio_content",
    response_class=WavResponse,
)
def audio() -> Response:
    """Return a sound."""
    return WavResponse(WAV)


@router.get(
    "/progress", dependencies=[mcp_tool()], operation_id="test_tool_with_progress"
)
def progress() -> StreamingResponse:
    """Report progress three times."""

    def generate() -> Iterator[str]:
        for percent in (0, 50, 100):
            yield f"{percent}/100\n"
            time.sleep(0.05)  # as the suite describes the tool

    return StreamingResponse(generate(), media_type="text/plain")


@router.get("/error", dependencies=[mcp_tool()], operation_id="test_error_handling")
def error() -> str:
    """Refuse the request."""
    raise HTTPException(409, "This tool intentionally returns an error for testing")


@router.get(
    "/file",
    dependencies=[mcp_tool()],
    operation_id="test_embedded_resource",
    response_class=FileBytesResponse,
)
def file() -> Response:
    """Return a file, which is neither an image nor a sound."""
    return FileBytesResponse(b"%PDF-")


@router.get(
    "/stream", dependencies=[mcp_tool()], operation_id="test_streaming_elicitation"
)
def stream() -> StreamingResponse:
    """Return a stream; it asks the client for nothing."""
    return StreamingResponse(iter(["one", "two"]), media_type="text/plain")


@router.get("/log", dependencies=[mcp_tool()], operation_id="test_logging_tool")
def log() -> str:
    """Return a text; the log of a route is Odoo's."""
    return "logged"


@router.get("/region", dependencies=[mcp_tool()], operation_id="region")
def in_region(
    region: Annotated[str, Query(json_schema_extra={"x-mcp-header": "Region"})],
) -> str:
    """Return the region, which a proxy may read in a header."""
    return region


class Address(BaseModel):
    street: str | None = None
    city: str | None = None


class Person(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    address: Address | None = None


@router.post(
    "/schema",
    dependencies=[mcp_tool(read_only=True)],
    operation_id="json_schema_2020_12_tool",
)
def schema(person: Person) -> dict[str, Any]:
    """Tool with JSON Schema 2020-12 features"""
    return person.model_dump()


@router.get(
    "/static",
    dependencies=[mcp_resource(uri="test://static-text")],
    operation_id="static_text",
    response_class=PlainTextResponse,
)
def static_text() -> str:
    """A text."""
    return "This is the content of the static text resource."


@router.get(
    "/binary",
    dependencies=[mcp_resource(uri="test://static-binary")],
    operation_id="static_binary",
    response_class=PngResponse,
)
def static_binary() -> Response:
    """An image."""
    return PngResponse(PNG)


@router.get(
    "/template/{id}/data",
    dependencies=[mcp_resource(uri="test://template/{id}/data")],
    operation_id="template_data",
)
def template_data(number: Annotated[str, Path(alias="id")]) -> dict[str, Any]:
    """Data for an id."""
    return {"id": number, "templateTest": True, "data": f"Data for ID: {number}"}


@router.get(
    "/prompts/simple",
    dependencies=[mcp_prompt()],
    operation_id="test_simple_prompt",
    response_class=PlainTextResponse,
)
def simple_prompt() -> str:
    """A prompt without arguments."""
    return "This is a simple prompt for testing."


@router.get(
    "/prompts/arguments",
    dependencies=[mcp_prompt()],
    operation_id="test_prompt_with_arguments",
    response_class=PlainTextResponse,
)
def prompt_with_arguments(
    arg1: Annotated[str, Query(description="First test argument")],
    arg2: Annotated[str, Query(description="Second test argument")],
) -> str:
    """A prompt with arguments."""
    return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"
