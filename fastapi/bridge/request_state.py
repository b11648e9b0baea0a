# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``RequestState``: data that dispatcher, bridge and app share for one request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from .request_errors import RequestErrors

__all__ = ["STATE_KEY", "RequestState", "get_errors", "get_state"]

#: Key of the WSGI environ and of the ASGI scope: the :class:`RequestState`.
STATE_KEY = "odoo.fastapi.state"


class RequestState:
    """The data of one attempt at a request.

    The dispatcher puts it into the WSGI environ, and ``WsgiApp`` into the ASGI scope.

    :param injected: an exception that the app responds to, instead of calling a route
    :param flush: called after the handler and the teardown of its dependencies, before
        the response is sent; its exceptions are handled like those of the handler
    :param handle_error: converts an exception to a response of werkzeug
    :param docs_guard: the ``app.docs_guard.DocsGuard`` of the request
    :param name: name of the endpoint, for the log
    """

    #: The outermost app.
    app: Any = None
    #: The exceptions of the request, set by ``WsgiApp``.
    errors: RequestErrors | None = None
    #: The ``InnerRequest`` that a middleware has sent to the app instead of the
    #: client's request, if any.
    inner: Any = None
    #: List for background tasks (``app.tasks.TaskRun``). None: Starlette runs them.
    tasks: list[Any] | None = None
    #: The environment that tasks and streams use if the request runs as the caller.
    caller_env: Any = None
    #: Who calls, and what makes a function that says whether the credential is still
    #: valid (``auth.ways``).
    caller: Any = None
    make_recheck: Any = None

    def __init__(
        self,
        *,
        injected: Exception | None = None,
        flush: Callable[[], None] | None = None,
        handle_error: Callable[[Exception], Any] | None = None,
        docs_guard: Any = None,
        name: str = "",
    ) -> None:
        self.injected = injected
        self.flush = flush
        self.handle_error = handle_error
        self.docs_guard = docs_guard
        self.name = name

    def detach(self) -> None:
        """Forget the request, because a WebSocket goes on without it."""
        self.flush = self.handle_error = self.docs_guard = self.caller_env = None
        self.make_recheck = None


def get_state(scope: MutableMapping[str, Any]) -> RequestState | None:
    """Return the state of a request, None if the bridge does not run it.

    Copies of the scope have the same state, for example in a mounted app or a request
    that an app sends to itself. So values that depend on path or headers belong in the
    scope.
    """
    return scope.get(STATE_KEY)


def get_errors(scope: MutableMapping[str, Any]) -> RequestErrors | None:
    """Return the exceptions of a request, None if the bridge does not run it."""
    state = get_state(scope)
    return None if state is None else state.errors
