# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""An app that is independent of Odoo, with every kind of *Authorize*."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, FastAPI
from fastapi.responses import RedirectResponse
from fastapi.security import (
    APIKeyHeader,
    HTTPBasic,
    HTTPBasicCredentials,
    HTTPBearer,
    OAuth2AuthorizationCodeBearer,
    OAuth2PasswordBearer,
)
from fastapi.security.http import HTTPAuthorizationCredentials

code_scheme = OAuth2AuthorizationCodeBearer(
    authorizationUrl="provider/authorize", tokenUrl="provider/token"
)


def make_plain_app() -> FastAPI:
    """Return a new app whose routes return the credentials they get."""
    app = FastAPI(title="Plain")

    @app.get("/basic")
    def basic(
        credential: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())],
    ) -> list[str]:
        return [credential.username, credential.password]

    @app.get("/key")
    def key(api_key: Annotated[str, Depends(APIKeyHeader(name="X-Key"))]) -> str:
        return api_key

    @app.get("/bearer")
    def bearer(
        credential: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())],
    ) -> str:
        return credential.credentials

    @app.get("/password")
    def password(
        token: Annotated[str, Depends(OAuth2PasswordBearer("provider/token"))],
    ) -> str:
        return token

    @app.get("/code")
    def code(token: Annotated[str, Depends(code_scheme)]) -> str:
        return token

    @app.get("/provider/authorize", include_in_schema=False)
    def authorize(redirect_uri: str, state: str) -> RedirectResponse:
        query = urlencode({"code": "the-code", "state": state})
        return RedirectResponse(f"{redirect_uri}?{query}")

    @app.post("/provider/token", include_in_schema=False)
    async def token() -> dict[str, str]:
        return {"access_token": "the-token", "token_type": "bearer"}

    return app
