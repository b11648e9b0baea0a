# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What goes wrong in a request: recorded for Odoo, which rolls back or replays."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

    from starlette.types import Receive, Send

__all__ = [
    "RequestErrors",
    "forget_tracebacks",
    "original_exception",
]


class RequestErrors:
    """What went wrong in a request, as far as its app has seen it.

    :param injected: an exception from outside that the app is to answer
    """

    #: Types of exceptions that are not the app's to handle: the request is replayed.
    replayed_types: tuple[type[Exception], ...] = ()
    exception: Exception | None = None
    traceback: TracebackType | None = None
    #: What an exception handler of the app was called with last.
    handled: Exception | None = None
    #: Whether ``unhandled`` has sent the response to ``exception``.
    responded = False
    #: What the outermost middleware was given to receive from.
    receive: Receive | None = None
    #: Bytes that a response may have until it counts as a stream; None if its headers
    #: tell.
    collect: int | None = None
    #: What takes the messages of the app (``exchange.Exchange``).
    exchange: Any = None

    def __init__(self, injected: Exception | None = None) -> None:
        self.injected = injected
        #: What each middleware has given to the one inside it, from the outermost on.
        self.sends: list[Send] = []

    def release(self) -> None:
        """Let go of what knows this object too, when the app is over.

        Then a request is gone with its last reference; the garbage collector, which
        would have to find it otherwise, costs more than a small handler.
        """
        self.sends.clear()
        self.receive = self.exchange = None
        self.exception = self.traceback = self.handled = None

    @property
    def is_replayed(self) -> bool:
        """Whether the exception is one that Odoo replays: not to be answered here."""
        exc = self.exception
        return (
            exc is not None  # sooner told than what type it is of
            and isinstance(exc, self.replayed_types)
            and exc is not self.injected
        )

    def note(self, exc: Exception) -> None:
        """Remember an exception, with the traceback that Starlette clears later.

        One that Odoo replays stays, even if a middleware raises another one instead.
        """
        if self.is_replayed and not isinstance(exc, self.replayed_types):
            return
        self.exception = exc
        self.traceback = exc.__traceback__


def original_exception(exc: Exception) -> Exception:
    """Return what was raised, instead of what others have made of it on the way.

    Starlette can't answer what is raised after the response has started, and wraps it,
    once for each place that tries to
    (``starlette._exception_handler.wrap_app_handling_exceptions``). Nothing has been
    sent to the client yet at that time, so for us it is an exception like any other.

    It also sets the traceback of an exception that it has answered, as ``contextlib``
    does with each that passes (from Python 3.11 on). Exit stacks set the context of one
    that a teardown raises. A frozen dataclass refuses both.
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
    """Take the tracebacks from an exception that is done with, and from its causes.

    An instance at module level would keep the frames of the request, with all that
    they hold, and each request would add its own.
    """
    seen: set[int] = set()
    found: list[object] = [exc]
    while found:
        error = found.pop()
        if isinstance(error, BaseException) and id(error) not in seen:
            seen.add(id(error))
            BaseException.with_traceback(error, None)  # an attribute may be refused
            found += (error.__cause__, error.__context__)
            members = getattr(error, "exceptions", None)  # of a group
            if isinstance(members, tuple):
                found += members
