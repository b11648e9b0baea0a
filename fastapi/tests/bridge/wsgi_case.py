# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Helpers for tests of ``WsgiApp``."""

MEGABYTE = 1024 * 1024


START = {"type": "http.response.start", "status": 200, "headers": []}


def respond(status=200, headers=(), body=b""):
    """Return an ASGI app that always gives the same response."""

    async def app(scope, receive, send):
        await send(
            {"type": "http.response.start", "status": status, "headers": headers}
        )
        await send({"type": "http.response.body", "body": body})

    return app
