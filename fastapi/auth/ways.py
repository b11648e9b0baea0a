# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Ways to authenticate, which an administrator chooses on the endpoint."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastapi.security.base import SecurityBase
    from starlette.requests import HTTPConnection

    from odoo.api import Environment

    from .caller import Caller

__all__ = ["InvalidCredentials", "Way"]


class InvalidCredentials(Exception):
    """A credential was sent that is not valid: answered with 401.

    :param detail: sentence for the client, which must not tell whether a login exists
    :param error: error code of RFC 6750 for the ``WWW-Authenticate`` header of Bearer
    """

    def __init__(self, detail: str, error: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.error = error


class Way(ABC):
    """One way for clients to say who they are."""

    #: Name of the way, the ``method`` of its callers.
    name: str
    #: Reads the credential, and describes it in OpenAPI: one of FastAPI's security
    #: classes with ``auto_error=False``.
    scheme: SecurityBase
    #: Value of the header ``WWW-Authenticate``, None if HTTP has no scheme for the way.
    challenge: str | None = None

    @abstractmethod
    def authenticate(
        self, credential: Any, connection: HTTPConnection, env: Environment
    ) -> Caller | None:
        """Return who has sent a credential.

        :param credential: what ``scheme`` returns, never None
        :param env: the environment of the endpoint's user
        :return: None if the credential is meant for another way
        :raises InvalidCredentials: it is wrong, has expired, or was revoked
        :raises fastapi.HTTPException: 429, after too many failures
        """
