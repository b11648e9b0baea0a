# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""An ASGI app as a WSGI application."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING, Any

from a2wsgi.asgi import StatusStringMapping

from .exchange import Exchange
from .failures import (
    EXCEPTION_KEY,
    FAILURE_KEY,
    TRANSACTION_ERRORS,
    Failure,
    original_exception,
)
from .loops import borrow_loop
from .scope import build_scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .exchange import ASGIApp

__all__ = ["AsgiApplication"]


class AsgiApplication:
    """A WSGI application that runs an ASGI app on the calling thread.

    An exception of the app is not lost: ``start_response`` gets it as ``exc_info``,
    as WSGI has it for an answer that replaces another one. The answer beside it is the
    app's own, or a plain 500 where the app has none.

    :param app: ASGI application
    :param root_path: where it is mounted, ``""`` or ``/`` and at least one segment
    """

    def __init__(self, app: ASGIApp, root_path: str = "") -> None:
        self.app = app
        self.root_path = root_path

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one request.

        :param environ: WSGI environ, ``PATH_INFO`` below ``root_path``; its
            ``wsgi.input`` holds the whole body and ends by itself. The keys of
            ``failures`` may be set.
        :raises werkzeug.exceptions.BadRequest: see :func:`~.scope.build_scope`
        """
        scope = build_scope(environ, self.root_path)
        failure = scope[FAILURE_KEY] = Failure(environ.get(EXCEPTION_KEY))
        exchange = Exchange(self.app, scope, environ.get("wsgi.input") or io.BytesIO())
        answered = True
        try:
            with borrow_loop() as loop:
                exchange.run(loop)
        except Exception as err:
            failure.note(original_exception(err))
            answered = False
        except asyncio.CancelledError as err:  # by the app itself: nobody else can
            error = RuntimeError("The app cancelled its own task.")
            error.__cause__ = err
            failure.note(error)
            answered = False
        exc = failure.exception
        if exc is not None and exc is not failure.given:
            # swallowed by a middleware, it still has to be replayed
            answered = answered and not isinstance(exc, TRANSACTION_ERRORS)
        exc_info = (type(exc), exc, failure.traceback) if exc is not None else None
        if answered:
            body = exchange.body
            start_response(
                StatusStringMapping[exchange.status],
                [
                    (name.decode("latin-1"), value.decode("latin-1"))
                    for name, value in exchange.headers
                ],
                exc_info,
            )
        else:
            body = b'{"detail":"Internal Server Error"}'
            start_response(
                StatusStringMapping[500],
                [
                    ("content-length", str(len(body))),
                    ("content-type", "application/json"),
                ],
                exc_info,
            )
        return Answer(body, answered)


class Answer(list[bytes]):
    """The body of a response, as the iterable that WSGI wants.

    :param body: the whole of it
    :param answered: whether the app made the response; if not, it is a plain 500 that
        stands in for whatever Odoo makes of the exception
    """

    def __init__(self, body: bytes, answered: bool) -> None:
        super().__init__((body,))
        self.answered = answered
