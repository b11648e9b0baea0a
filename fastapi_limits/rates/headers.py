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

    from .limiter import Policy
    from .window import Window

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
        counted: dict[str, tuple[Policy, Window]] = {}
        scope[COUNTED_KEY] = counted

        async def send_with_headers(message: Message) -> None:
            if counted and message["type"] in _STARTS:
                _add_headers(message, counted)
            await send(message)

        await self.app(scope, receive, send_with_headers)


#: Messages that have the headers of a response.
_STARTS = ("http.response.start", "websocket.http.response.start")


def _add_headers(message: Message, counted: dict[str, tuple[Policy, Window]]) -> None:
    policies, limits = [], []
    for policy, window in counted.values():
        remaining, wait = window.get_state()
        policies.append(policy.header)
        limits.append(f'"{policy.name}";r={remaining};t={wait}')
    raw = message["headers"] = list(message.get("headers", ()))
    raw += [
        (b"ratelimit-policy", ", ".join(policies).encode()),
        (b"ratelimit", ", ".join(limits).encode()),
    ]
    if b"access-control-allow-origin" in dict(raw):
        headers = MutableHeaders(raw=raw)
        name = "Access-Control-Expose-Headers"
        exposed = headers.get(name)
        headers[name] = f"{exposed}, {EXPOSED}" if exposed else EXPOSED
