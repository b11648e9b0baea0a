# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The dispatcher: passes a request of Odoo to the app, and returns its response.

The life of a request below an endpoint::

    odoo.http.Request._serve_db
    +-> ir.http._match                     finds the endpoint (models/ir_http)
    +-> odoo.service.model.retrying        each attempt, until there is no conflict
    |   +-> ir.http._authenticate          session, or the user of the endpoint
    |   +-> FastApiDispatcher.pre_dispatch
    |   +-> FastApiDispatcher._serve           calls dispatch with all its overrides
    |   |   +-> FastApiDispatcher.dispatch
    |   |       | (AppRequest, in app_request)
    |   |       +-> _get_environ               the WSGI environ
    |   |       +-> fastapi.endpoint.get_app   the app, built on first use (mounts)
    |   |       +-> prepare_request            may wait for other servers (auth)
    |   |       +-> _manage_odoo_env           user, language -> context.odoo_env_ctx
    |   |       +-> WsgiApp                    runs the app on this thread (bridge)
    |   |       |   +-> _make_response         status, headers, exception of the app
    |   |       +-> RequestCycle               commit or not? (request_cycle)
    |   +-> FastApiDispatcher.post_dispatch    commits a stream
    |   +-> commit
    +-> ir.http._handle_error              after an exception, which rolls back
        +-> FastApiDispatcher.answer_error the app responds to outside errors
    (then, while the response is sent: streams and background tasks, after_response)

A handshake of a WebSocket takes the same way. ``_run_websocket`` runs the app until it
accepts or refuses. When the 101 is sent, ``_start_websocket`` gives the socket to the
app, which continues on the shared loop.

``dispatch`` raises the exception of a handler unchanged. ``_serve`` replaces it by a
``HandledError`` with the app's response. So Odoo rolls back and sends that response.
Exceptions that make Odoo replay the request are not replaced.
"""

from __future__ import annotations

import logging
from typing import Any

import psycopg2
from werkzeug.exceptions import HTTPException as WerkzeugHTTPException

from odoo.http import Dispatcher, FutureResponse, Response
from odoo.service.server import CommonServer

from .app_request import AppRequest
from .bridge import forget_tracebacks, original_exception, stop_loops
from .exceptions import AppBuildError, HandledError
from .follow_up import reopen
from .handled_errors import AddedHeaders, make_handled_error

__all__ = ["FastApiDispatcher"]

_logger = logging.getLogger(__name__)

CommonServer.on_stop(stop_loops)


class FastApiDispatcher(AppRequest, Dispatcher):
    """Passes a request to the FastAPI app of its endpoint.

    Other addons subclass ``odoo.http._dispatchers["fastapi"]``. The last subclass
    serves all databases, even those without its addon.
    """

    routing_type = "fastapi"

    def __init__(self, request: Any) -> None:
        super().__init__(request)
        #: Id of the endpoint's user if an anonymous client runs as that user
        #: (``ir.http._auth_method_public``). Replays keep it.
        self.anonymous_uid: int | None = None
        #: Whether this is the first attempt at the request, and has not begun yet.
        self.is_new = True
        #: Whether a WebSocket may come from a page of any site, because the endpoint
        #: allows all origins.
        self.from_unknown_site = False
        #: Headers that Odoo had set for the response before the first attempt.
        self._future_headers: list[tuple[str, str]] | None = None
        #: Headers that overrides add to ``inner_exception``.
        self._added_headers: AddedHeaders | None = None
        self._dispatching = False
        self.dispatch = self._serve  # type: ignore[method-assign]  # for Odoo's call

    @classmethod
    def is_compatible_with(cls, request: Any) -> bool:
        return True  # the app parses bodies of all types

    def pre_dispatch(self, rule: Any, args: dict[str, Any]) -> None:
        future_response = self.request.future_response
        if self._future_headers is None:
            self._future_headers = future_response.headers.to_wsgi_list()
        else:  # in a replay, drop the headers of the previous attempt
            self.request.future_response = FutureResponse()
            self.request.future_response.headers.extend(self._future_headers)
        return super().pre_dispatch(rule, args)

    # pylint: disable-next=missing-return  # Odoo ignores it
    def post_dispatch(self, response: Response) -> None:
        session = self.request.session
        if session.can_save and "public" in response.headers.get("Cache-Control", ""):
            # shared caches store it, so it must not have the cookie of a new session
            session.can_save = False
        try:
            super().post_dispatch(response)
        except BaseException:
            self._close_cycle()
            raise
        if self._cycle is not None:
            self._cycle.start_stream()

    def dispatch(self, endpoint: Any, args: dict[str, Any]) -> Response:
        """Run the app for the request.

        An override may read the request before and the response after. It gets every
        exception of a handler unchanged, and must not swallow it. Headers that it adds
        to ``headers`` of the exception reach the client.

        :return: the app's response
        :raises Exception: a handler raised it; Odoo gets the app's response to it
        :raises AppBuildError: the app can't be built
        """
        response = self._run_app()
        exc = self.inner_exception
        if response is None and exc is not None:
            self._added_headers = AddedHeaders(exc)
            # outside of _manage_odoo_env: contextlib sets attributes of exceptions, and
            # some exceptions refuse that
            raise exc
        return response

    def _serve(self, endpoint: Any, args: dict[str, Any]) -> Response:
        """Call ``dispatch`` with all its overrides, and convert its exception for Odoo.

        :raises HandledError: instead of an exception that the app has responded to
        :raises Exception: Odoo replays it, or it comes from outside the app
        """
        if self.inner_exception is not None:  # from the previous attempt
            forget_tracebacks(self.inner_exception)
            self.inner_exception = None
        self._close_cycle()
        # The app parses the body. If an override of dispatch responds, addons of Odoo
        # may still read the parameters.
        self.request.params = {}
        self._dispatching = True
        try:
            response = type(self).dispatch(self, endpoint, args)
            if self._is_handshake:
                self._check_response(response)
            for observer in self.observers:
                observer.dispatched(response)
            return response
        except Exception as err:
            exc = original_exception(err)
            self._close_connection()
        finally:
            self._dispatching = False
        response = self._get_error_response(exc)
        if response is None:
            raise exc
        if self._added_headers is not None:
            self._added_headers.move(exc, response)
        error = self._handled_error(exc, response)
        if isinstance(exc, WerkzeugHTTPException) and exc.code is None:
            # abort(response): odoo.http.Request._serve_db sends it
            raise WerkzeugHTTPException(response=response)
        raise error

    def _get_error_response(self, exc: Exception) -> Response | None:
        """Return the app's response to ``inner_exception``, None for any other one."""
        if self._cycle is None or exc is not self.inner_exception:
            return None
        return self._cycle.error_response

    def _handled_error(self, exc: Exception, response: Response) -> HandledError:
        """Log an exception, and return its replacement for Odoo."""
        for observer in self.observers:
            observer.failed(exc, response)
        scope, self._scope = self._scope, None  # its state has a method of this object
        return make_handled_error(exc, response, self.request.httprequest, scope)

    def answer_error(self, exc: Exception) -> Response:
        """Return the response to an exception: ``ir.http._handle_error``.

        Odoo calls it after the transaction. An exception from outside the app then goes
        through the app, so that its exception handlers and middleware see it like any
        other. An override of ``dispatch`` may also call this.

        :raises HandledError: has the response to an exception from outside the app.
            Odoo would set it on the exception, which other requests may share.
        """
        self._close_connection()
        if isinstance(exc, HandledError):
            return exc.error_response
        if self._dispatching:
            return self._get_error_response(exc) or self.handle_error(exc)
        response = None
        if not isinstance(exc, AppBuildError):
            try:
                response = self._run_app_again(exc)
            except WerkzeugHTTPException as err:
                _logger.debug("No app can be called for this request: %s", err)
            except AppBuildError as err:
                _logger.error(err, exc_info=True)
                response = self.handle_error(err)
                for observer in self.observers:
                    observer.failed(err, response)
                raise HandledError(exc, response) from exc
            except Exception:
                _logger.exception("The app can't respond to %s.", type(exc))
        raise self._handled_error(exc, response or self.handle_error(exc))

    def _run_app_again(self, exc: Exception) -> Response | None:
        """Return the app's response to an exception from outside, None without one."""
        env = self.request.env
        try:
            if env.cr.closed:
                reopen(env, timeout=1)
        except psycopg2.Error:  # PostgreSQL is down, as the exception says
            return None
        env.cr.rollback()
        return self._run_app(exc)
