# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from mcp.server.mcpserver import Context, MCPServer

try:
    from odoo.addons.fastapi.bridge import on_shared_loop
except ImportError:  # on uvicorn, which has one loop

    def on_shared_loop(work: Any) -> Any:
        return work


def set_up(app: FastAPI) -> None:
    server = MCPServer("Counter")
    counts: Counter[str] = Counter()

    @server.tool()
    async def count(steps: int, context: Context) -> int:
        """Count the steps of a client."""
        session_id = context.headers["mcp-session-id"]
        for step in range(steps):
            counts[session_id] += 1
            await context.report_progress(step + 1, steps)
            await asyncio.sleep(0)
        return counts[session_id]

    mcp_app = server.streamable_http_app(streamable_http_path="/")

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with server.session_manager.run():
            yield

    app.router.lifespan_context = lifespan
    app.mount("/mcp", on_shared_loop(mcp_app))
