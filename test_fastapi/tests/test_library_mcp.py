# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import asyncio

from .library_case import LibraryCase, on_each_server


class TestMcp(LibraryCase):
    distribution = "mcp"
    library = "library_mcp.set_up"

    @on_each_server
    def test_sessions_at_the_same_time(self, served):
        async def use_session(calls):
            progress = []

            async def report(value, total, message):
                progress.append(value)

            async with (
                streamable_http_client(f"{served.address}/mcp/") as (read, write),
                ClientSession(read, write) as session,
            ):
                await session.initialize()
                tools = await session.list_tools()
                counts = []
                for _call in range(calls):
                    result = await session.call_tool(
                        "count", {"steps": 2}, progress_callback=report
                    )
                    counts.append(result.structured_content["result"])
            return [tool.name for tool in tools.tools], counts, progress

        async def use_sessions():
            return await asyncio.gather(*map(use_session, (1, 2, 3)))

        from mcp.client.session import ClientSession
        from mcp.client.streamable_http import streamable_http_client

        for calls, (tools, counts, progress) in enumerate(
            asyncio.run(use_sessions()), 1
        ):
            self.assertEqual(tools, ["count"])
            self.assertEqual(counts, list(range(2, 2 * calls + 1, 2)))
            self.assertEqual(progress, [1, 2] * calls)


class TestMcpEvented(TestMcp):
    options = {"command": "gevent"}
