# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The headers that tell clients their rates.

``RateLimit-Policy`` has the rates, ``RateLimit`` what is left of them
(draft-ietf-httpapi-ratelimit-headers-11)::

    RateLimit-Policy: "caller-minute";q=100;w=60
    RateLimit: "caller-minute";r=99;t=60

Both are in all responses, if the request was counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

from .limiter import COUNTED_KEY

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .limiter import Counted

__all__ = ["RateLimitHeaders"]

#: Headers that pages of other sites may read.
EXPOSED = "RateLimit, RateLimit-Policy, Retry-After"


class RateLimitHeaders:
    """Middleware that adds the headers to responses.

    :param app: the next middleware, or the app
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        counted: dict[str, Counted] = {}
        scope[COUNTED_KEY] = counted

        async def send_with_headers(message: Message) -> None:
            if counted and message["type"] in _STARTS:
                _add_headers(MutableHeaders(scope=message), counted)
            await send(message)

        await self.app(scope, receive, send_with_headers)


#: Messages that have the headers of a response.
_STARTS = ("http.response.start", "websocket.http.response.start")


def _add_headers(headers: MutableHeaders, counted: dict[str, Counted]) -> None:
    headers["RateLimit-Policy"] = ", ".join(
        f'"{name}";q={rate.amount};w={rate.seconds}'
        for name, (rate, _window) in counted.items()
    )
    headers["RateLimit"] = ", ".join(
        f'"{name}";r={window.remaining};t={window.wait}'
        for name, (_rate, window) in counted.items()
    )
    if "Access-Control-Allow-Origin" in headers:
        name = "Access-Control-Expose-Headers"
        exposed = headers.get(name)
        headers[name] = f"{exposed}, {EXPOSED}" if exposed else EXPOSED
