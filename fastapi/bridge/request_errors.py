# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Records the exceptions of a request, so that the caller can roll back or replay."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    from starlette.types import Receive, Scope, Send

__all__ = ["RequestErrors", "forget_tracebacks", "original_exception"]


class RequestErrors:
    """The exceptions that a request has raised so far."""

    #: Exceptions that the app must not respond to, because the request is replayed.
    replayed_types: tuple[type[Exception], ...] = ()
    #: Exceptions that say that the client of a WebSocket has disconnected.
    disconnect_types: tuple[type[Exception], ...] = ()
    #: Logs an exception that a WebSocket raises after its transaction.
    log: Callable[[BaseException, Scope], None] | None = None
    exception: Exception | None = None
    traceback: TracebackType | None = None
    #: The last exception that was passed to an exception handler.
    handled: Exception | None = None
    #: Whether ``app.unhandled`` has sent the response to ``exception``.
    responded = False
    #: ``receive`` of the outermost middleware.
    receive: Receive | None = None
    #: Bytes above which a response is a stream. None: its headers decide.
    collect: int | None = None
    #: Sends the response to an exception that no middleware has caught
    #: (``app.unhandled``).
    respond: Callable[[Scope, Receive, Exception], Awaitable[None]] | None = None
    #: The ``Exchange``, ``WebSocketExchange`` or ``InnerRequest`` that takes the
    #: messages of the app.
    exchange: Any = None

    def __init__(self, injected: Exception | None = None) -> None:
        self.injected = injected
        #: ``send`` of each middleware, from the outermost on.
        self.sends: list[Send] = []

    def release(self) -> None:
        """Break the reference cycles of a request that is over.

        Otherwise the garbage collector has to, which takes longer than a small handler.
        """
        self.sends.clear()
        self.receive = self.exchange = self.respond = None
        self.exception = self.traceback = self.handled = None

    @property
    def is_replayed(self) -> bool:
        """Whether the exception must not get a response here."""
        exc = self.exception
        return (
            exc is not None  # faster than the type check
            and isinstance(exc, self.replayed_types)
            and exc is not self.injected
        )

    def record(self, exc: Exception) -> None:
        """Record an exception with its traceback, which Starlette clears later.

        An exception that is replayed stays, even if a middleware raises another one.
        """
        if self.is_replayed and not isinstance(exc, self.replayed_types):
            return
        self.exception = exc
        self.traceback = exc.__traceback__


def original_exception(exc: Exception) -> Exception:
    """Return the exception that was raised first, without wrappers.

    Starlette wraps an exception that is raised after the response has started
    (``starlette._exception_handler.wrap_app_handling_exceptions``). The bridge has sent
    nothing to the client at that time, so it treats the exception like any other.

    Starlette, ``contextlib`` and exit stacks also set the traceback or the context of
    an exception. If that is a frozen dataclass, another error is raised.
    """
    while True:
        if (
            isinstance(exc, RuntimeError)
            and isinstance(exc.__cause__, Exception)
            and "response already started" in str(exc)
        ):
            exc = exc.__cause__
        elif (
            isinstance(exc, FrozenInstanceError)
            and isinstance(exc.__context__, Exception)
            and ("__traceback__" in str(exc) or "__context__" in str(exc))
        ):
            exc = exc.__context__
        else:
            return exc


def forget_tracebacks(exc: BaseException) -> None:
    """Remove the tracebacks of an exception and of its causes.

    An instance at module level would keep the frames of all requests that raise it.
    """
    seen: set[int] = set()
    found: list[object] = [exc]
    while found:
        error = found.pop()
        if isinstance(error, BaseException) and id(error) not in seen:
            seen.add(id(error))
            BaseException.with_traceback(error, None)  # also works if it is frozen
            found += (error.__cause__, error.__context__)
            members = getattr(error, "exceptions", None)  # of a group
            if isinstance(members, tuple):
                found += members
