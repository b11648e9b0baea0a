# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""All exceptions of the addon.

::

    Exception
    +-- fastapi.HTTPException         responses, raised by handlers or dependencies
    |   +-- CommittedHTTPException    the only one whose request is committed
    |   +-- AppBuildError             503: the app of an endpoint can't be built
    |   +-- NoRoomError               507: no disk space for a request body
    |   +-- TooManyAttempts           429: too many failed logins
    |   +-- WebSocketRefused          a request can't become a WebSocket
    +-- InvalidCredentials            401: a way to authenticate refuses a credential
    +-- AppNotReadyError              the app of an endpoint is still starting
    +-- StartTimeoutError             the lifespan of an app has not started in time
    +-- AbortedTransactionError       a handler has swallowed a database error
    +-- AfterCommitError              a transaction is committed; then something failed
    +-- RuntimeError
    |   +-- NoTransactionError        a query where there is no transaction
    |   +-- LockedByCallerError       a work and its caller wait for each other
    +-- HandledError                  carries the response of the app to Odoo
    +-- ConnectionResetError
    |   +-- StreamCut                 a stream ends early, not because of the app
    +-- CommandError                  an ``odoo api`` command fails
"""

from __future__ import annotations

import errno
import logging
import math
from tempfile import gettempdir
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "AbortedTransactionError",
    "AfterCommitError",
    "AppBuildError",
    "AppNotReadyError",
    "CommandError",
    "CommittedHTTPException",
    "HandledError",
    "InvalidCredentials",
    "LockedByCallerError",
    "NoRoomError",
    "NoTransactionError",
    "StartTimeoutError",
    "StreamCut",
    "TooManyAttempts",
    "WebSocketRefused",
]

#: Codes of ``OSError``: there is no disk space.
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class CommittedHTTPException(HTTPException):
    """An ``HTTPException`` whose request is committed.

    All other exceptions roll the request back. Use this one for a failure that must be
    recorded, such as a counter of failed logins::

        user.failed_logins += 1
        raise CommittedHTTPException(401, "Incorrect password")
    """


class AppBuildError(HTTPException):
    """503: the app of an endpoint can't be built, because of ``__cause__``.

    The traceback is logged. The response does not mention the cause.

    :param name: name of the endpoint
    :param root_path: root path of the endpoint
    :param reason: predicate of the log message, such as ``is still starting``
    :param retry_after: seconds after which a client may try again, if known
    """

    # read by odoo.http.Application.__call__ when it logs the exception
    loglevel = logging.ERROR
    exc_info: Any = True

    def __init__(
        self,
        name: str,
        root_path: str,
        reason: str = "fails",
        retry_after: int | None = None,
    ) -> None:
        headers = {"Retry-After": str(retry_after)} if retry_after else None
        super().__init__(503, headers=headers)
        self.name = name
        self.root_path = root_path
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"The app of the endpoint {self.name!r} at {self.root_path} {self.reason}."
        )


class AppNotReadyError(Exception):
    """Another request is building the app, or its startup has just timed out.

    :param reason: predicate of the log message, such as ``is still starting``
    :param retry_after: seconds after which a client may try again
    """

    def __init__(self, reason: str, retry_after: float) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = max(1, math.ceil(retry_after))


class StartTimeoutError(Exception):
    """The lifespan of an app has not started in time.

    :param timeout: seconds
    :param is_over: returns whether the startup has ended since
    """

    def __init__(self, timeout: float, is_over: Callable[[], bool]) -> None:
        super().__init__(f"The app has not started within {timeout} seconds.")
        self.is_over = is_over


class NoRoomError(HTTPException):
    """507: the server has no disk space for a request body.

    :param cause: error of the temporary file
    """

    #: Odoo logs the exception in one line (``odoo.http.Application.__call__``).
    loglevel = logging.ERROR

    def __init__(self, cause: OSError) -> None:
        super().__init__(507, "The server has no room for the body of the request")
        self.reason = cause.strerror

    def __str__(self) -> str:
        return f"No room for the body of a request in {gettempdir()}: {self.reason}"

    @classmethod
    def seen_in(cls, exc: BaseException | None) -> NoRoomError | None:
        """Return a ``NoRoomError`` if ``exc`` says that the disk is full."""
        if isinstance(exc, OSError) and exc.errno in _NO_ROOM:
            return cls(exc)
        return None


class StreamCut(ConnectionResetError):
    """A stream ends early, not because of the app.

    Servers treat this as a closed connection and log nothing.

    :param reason: a sentence
    """

    def __init__(self, reason: str) -> None:
        super().__init__(errno.ECONNRESET, reason)


class AbortedTransactionError(Exception):
    """A handler has swallowed a database error, so nothing can be saved.

    To catch a database error, a handler runs the query in ``env.cr.savepoint()``.
    """


class AfterCommitError(Exception):
    """Something failed after a commit, because of ``__cause__``.

    :param result: result of the function whose transaction is committed
    """

    def __init__(self, result: Any) -> None:
        super().__init__("The transaction is committed, but something failed after it.")
        self.result = result


class NoTransactionError(RuntimeError):
    """A query on the event loop of all connections, where it would block them all."""


class LockedByCallerError(RuntimeError):
    """A work of ``tx.run`` waits for its caller, who waits for the work.

    :param work: name of the function
    :param timeout: seconds that it has waited
    """

    def __init__(self, work: str, timeout: float) -> None:
        super().__init__(
            f"{work} has waited for {timeout} seconds, probably for a record that the "
            "transaction of its caller has changed. That transaction goes on after "
            "`await tx.run`, so the work would wait for ever. Change a record either "
            "in the work or in the caller, not in both."
        )


class HandledError(Exception):
    """Replaces an exception that the app has handled, with the app's response.

    ``Request._update_served_exception`` and ``Application.__call__`` of ``odoo.http``
    read its attributes.

    :param cause: the exception, set as ``__cause__``
    :param error_response: the response of the app
    """

    loglevel = logging.NOTSET  # the cause is logged already

    def __init__(self, cause: BaseException, error_response: Any) -> None:
        super().__init__(cause)
        self.__cause__ = cause
        self.error_response = error_response

    def __str__(self) -> str:
        return str(self.__cause__)


class InvalidCredentials(Exception):
    """401: the client has sent an invalid credential.

    :param detail: sentence for the client that does not reveal whether a login exists
    :param error: error code of RFC 6750 for the ``WWW-Authenticate`` header of Bearer.
        None means ``invalid_token``.
    """

    def __init__(self, detail: str, error: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.error = error


class TooManyAttempts(HTTPException):
    """429: too many failed logins.

    :param seconds: time until the client may try again
    """

    def __init__(self, seconds: int) -> None:
        headers = {"Retry-After": str(seconds)}
        super().__init__(429, "Too many failed attempts. Try again later.", headers)


class WebSocketRefused(HTTPException):
    """A request can't become a WebSocket. Nothing is logged but its detail."""


class CommandError(Exception):
    """An ``odoo api`` command fails. Its user reads the text."""
