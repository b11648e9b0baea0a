# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Dependencies of routes whose requests may have a key.

They run after all other dependencies of a route (``runs_last``). The caller is known by
then, and has the right to call, so no caller gets the response to another one.
"""

import hashlib
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, HTTPException
from starlette.requests import HTTPConnection

from odoo.http import request as odoo_request

from odoo.addons.fastapi.app.openapi_document import refer_to_error
from odoo.addons.fastapi.bridge import IDENTIFICATION_KEY, get_state

from .keys import EXAMPLE, HEADER, MAX_LENGTH, METHODS, parse_key

__all__ = [
    "SETTINGS",
    "KeyDependency",
    "KeySettings",
    "accept_idempotency_key",
    "idempotency_caller",
    "ignore_idempotency_key",
    "require_idempotency_key",
]

#: Attribute of ``app.state``: the :class:`KeySettings` of the endpoint.
SETTINGS = "odoo_idempotency"
#: Key of the ASGI scope: a dependency has already decided on the key.
_DECIDED_KEY = "odoo.fastapi_limits.key_decided"

_DESCRIPTION = (
    "Makes it safe to repeat the request: it is carried out once, and repetitions with "
    "the same key get the same response. Send a new random value with each request. "
    "409: the first request is still running. 422: the key belongs to another request."
)


@dataclass(frozen=True)
class KeySettings:
    """What dependencies need to know of the endpoint of an app."""

    endpoint_id: int
    #: Hours for which responses are kept.
    hours: int


def accept_idempotency_key() -> Any:
    """Return a dependency: requests may have a key, see ``USAGE``.

    Use it on a route, a router or an app. It takes precedence over the setting of the
    endpoint, and over that of an outer router::

        @router.post("/orders", dependencies=[accept_idempotency_key()])
    """
    return Depends(KeyDependency("accepted"))


def require_idempotency_key() -> Any:
    """Return a dependency that refuses requests without a key with a 400.

    Use it like :func:`accept_idempotency_key`.
    """
    return Depends(KeyDependency("required"))


def ignore_idempotency_key() -> Any:
    """Return a dependency for routes that take no key, for example because they stream.

    Use it like :func:`accept_idempotency_key`.
    """
    return Depends(KeyDependency("ignored"))


def idempotency_caller(connection: HTTPConnection) -> str:
    """Return who sends a key. Each caller has keys of their own.

    This is the caller whom the ways of the endpoint have found, or the partner from the
    app's override of ``authenticated_partner_impl``. If the route depends on neither,
    it is the user of Odoo's session, together with the ``Authorization`` header.

    Apps that identify their callers in another way override this dependency. Otherwise
    all these callers could read a response to another one whose key they guess.
    """
    state = get_state(connection.scope)
    caller = state.caller if state is not None else None
    if caller is not None and caller.user_id is not None:
        return f"user {caller.user_id}"
    if caller is not None:
        return f"partner {caller.partner_id}"
    parts = ["anonymous"]
    if odoo_request:
        uid = odoo_request.env.uid or odoo_request.session.uid
        if uid and uid != odoo_request.dispatcher.anonymous_uid:
            parts.append(f"session of user {uid}")
    credential = connection.headers.get("Authorization")
    if credential:
        parts.append(hashlib.sha256(credential.encode()).hexdigest())
    return " ".join(parts)


@dataclass(frozen=True)
class KeyDependency:
    """Decides what becomes of the key of a request.

    :param mode: ``accepted``, ``required`` or ``ignored``
    """

    mode: str

    runs_last = True

    def __call__(
        self,
        connection: HTTPConnection,
        caller: Annotated[str, Depends(idempotency_caller)],
    ) -> None:
        """Let the request be carried out, or raise the response that its key has.

        :raises HTTPException: 400, the key is missing or malformed; see also ``claim``
        """
        scope = connection.scope
        if scope["type"] != "http" or scope["method"] not in METHODS:
            return
        if _DECIDED_KEY in scope:  # by a dependency of the route or of a router
            return
        if IDENTIFICATION_KEY in scope:
            return
        scope[_DECIDED_KEY] = True
        if self.mode == "ignored":
            return
        value = connection.headers.get(HEADER)
        if value is None:
            if self.mode == "required":
                raise HTTPException(
                    400,
                    f"The header {HEADER} is missing. Send a new random value with "
                    "each request, such as "
                    f'"{EXAMPLE}", and the same value if you repeat the request.',
                )
            return
        key = parse_key(value)
        state = get_state(scope)
        settings = getattr(state.app.state, SETTINGS, None) if state else None
        # else a test, which stores nothing
        if state is not None and settings is not None and odoo_request:
            odoo_request.dispatcher.claim_key(settings, key, caller, state.inner)

    def describe_operation(self, method: str, operation: dict[str, Any]) -> None:
        """Document the header and its responses, see ``app.openapi_document``.

        Called for dependencies of the endpoint first, and for those of the route last.
        """
        if method.upper() not in METHODS:
            return
        parameters = [
            parameter
            for parameter in operation.pop("parameters", ())
            # of ``openapi_extra``, it may be a reference
            if (parameter.get("in"), parameter.get("name")) != ("header", HEADER)
        ]
        responses = operation["responses"]
        if responses.get("409") == refer_to_error("409"):
            del responses["409"]
        if self.mode != "ignored":
            parameters.append(
                {
                    "name": HEADER,
                    "in": "header",
                    "required": self.mode == "required",
                    "description": _DESCRIPTION,
                    "schema": {
                        "title": HEADER,
                        "type": "string",
                        "minLength": 1,
                        "maxLength": MAX_LENGTH,
                    },
                    "example": EXAMPLE,
                }
            )
            for status in ("409", "422"):
                responses.setdefault(status, refer_to_error(status))
        if parameters:
            operation["parameters"] = parameters
