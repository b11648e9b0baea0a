# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import os
from typing import Any

from fastapi import FastAPI
from fastapi_sso.sso.base import OpenID
from fastapi_sso.sso.generic import create_provider
from starlette.requests import Request
from starlette.responses import RedirectResponse

try:
    from odoo.addons.fastapi.bridge import on_shared_loop
except ImportError:  # on uvicorn, which has one loop

    def on_shared_loop(work: Any) -> Any:
        return work


def set_up(app: FastAPI) -> None:
    """Add a client of a provider; the address of the provider is that of the test."""
    address = os.environ["PROVIDER_URL"]
    provider = create_provider(
        name="test",
        discovery_document={
            "authorization_endpoint": f"{address}/authorize",
            "token_endpoint": f"{address}/token",
            "userinfo_endpoint": f"{address}/userinfo",
        },
        response_convertor=lambda response, _session: OpenID(**response),
    )
    sso = provider("client", "secret", allow_insecure_http=True)
    sso_app = FastAPI()

    @sso_app.get("/login")
    async def login(request: Request) -> RedirectResponse:
        async with sso:
            callback = str(request.url_for("callback"))
            return await sso.get_login_redirect(redirect_uri=callback)

    @sso_app.get("/callback")
    async def callback(request: Request) -> OpenID | None:
        async with sso:
            return await sso.verify_and_process(request)

    app.mount("/sso", on_shared_loop(sso_app))
