# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""FastAPI alone: ``plain.py COUNT`` prints how long an app of so many routes takes.

The time is that from the app to the end of its first request, in milliseconds.
"""

import asyncio
import importlib
import sys
import time
from pathlib import Path
from typing import Any

from fastapi import FastAPI

sys.path.append(str(Path(__file__).with_name("fastapi_bench") / "routers"))

many = importlib.import_module("many")


async def request(app: FastAPI, path: str) -> int:
    """Return the status of the response."""
    statuses: list[int] = []
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        statuses.append(message.get("status"))

    await app(scope, receive, send)
    return statuses[0]


def main(count: int) -> None:
    """Build the app, call its last route, and print the time."""
    router = many.get_many_routes(count)
    start = time.perf_counter()
    app = FastAPI()
    app.include_router(router)
    status = asyncio.run(request(app, many.get_path(count - 1)))
    assert status == 200, status
    print((time.perf_counter() - start) * 1e3)


if __name__ == "__main__":
    main(int(sys.argv[1]))
