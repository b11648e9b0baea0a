# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A credential in ``Authorization: Bearer``."""

from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import Field
from starlette.requests import Request

__all__ = ["BearerCredentials", "BearerScheme"]


class BearerCredentials(HTTPAuthorizationCredentials):
    """A key or token; ``repr`` hides it."""

    credentials: str = Field(repr=False)


class BearerScheme(HTTPBearer):
    """FastAPI's scheme, which returns None without a credential.

    :param scheme_name: name in OpenAPI
    :param description: what to send
    """

    def __init__(self, *, scheme_name: str, description: str | None = None) -> None:
        super().__init__(
            scheme_name=scheme_name, description=description, auto_error=False
        )

    async def __call__(self, request: Request) -> BearerCredentials | None:
        found = await super().__call__(request)
        return found and BearerCredentials(
            scheme=found.scheme, credentials=found.credentials
        )
