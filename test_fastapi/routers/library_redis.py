# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from redis.asyncio import BlockingConnectionPool, Redis
from starlette.requests import Request

try:
    from odoo.addons.fastapi.bridge import on_shared_loop
except ImportError:  # on uvicorn, which has one loop

    def on_shared_loop(work: Any) -> Any:
        return work


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    pool = BlockingConnectionPool.from_url(os.environ["REDIS_URL"], max_connections=4)
    async with Redis.from_pool(pool) as client, client.pubsub() as subscriber:
        await subscriber.subscribe("news")
        messages: list[str] = []

        async def listen() -> None:
            async for message in subscriber.listen():
                if message["type"] == "message":
                    messages.append(message["data"].decode())

        listener = asyncio.create_task(listen())
        yield {"client": client, "messages": messages}
        listener.cancel()


def set_up(app: FastAPI) -> None:
    app.router.lifespan_context = lifespan

    async def transfer(client: Redis, name: str) -> list[int]:
        async with client.pipeline(transaction=True) as pipeline:
            pipeline.incr(f"{name} one")
            pipeline.decr(f"{name} two")
            return await pipeline.execute()

    @app.post("/count/{name}")
    async def count(name: str, request: Request) -> int:
        return await on_shared_loop(request.state.client.incr(name))

    @app.post("/transfer/{name}")
    async def transfer_one(name: str, request: Request) -> list[int]:
        return await on_shared_loop(transfer(request.state.client, name))

    @app.post("/news/{text}")
    async def publish(text: str, request: Request) -> int:
        return await on_shared_loop(request.state.client.publish("news", text))

    @app.get("/news")
    def get_news(request: Request) -> list[str]:
        return request.state.messages
