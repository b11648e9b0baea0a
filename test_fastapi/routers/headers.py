# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Responses with headers that belong to the server or contradict the body."""

from collections.abc import Iterator

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from odoo.addons.fastapi.context import odoo_env_ctx

router = APIRouter(prefix="/headers", tags=["headers"])


@router.api_route("/plain", methods=["GET", "POST", "HEAD"])
async def plain(request: Request) -> Response:
    """Return five bytes; the query parameters become headers."""
    if request.method == "POST":
        await request.body()
    return Response(b"12345", headers=dict(request.query_params), media_type="text/x")


@router.post("/wrong")
def wrong(length: str, name: str) -> Response:
    """Create an item; return five bytes with another ``Content-Length``."""
    odoo_env_ctx.get()["test.fastapi.item"].create({"name": name})
    return Response(b"12345", headers={"content-length": length})


@router.get("/stream")
def stream(announced: int, chunks: int) -> StreamingResponse:
    """Return chunks of 1 MiB."""

    def content() -> Iterator[bytes]:
        for _chunk in range(chunks):
            yield b"x" * 1024 * 1024

    return StreamingResponse(content(), headers={"content-length": str(announced)})
