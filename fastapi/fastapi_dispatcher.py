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
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg2
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.exceptions import HTTPException as WerkzeugHTTPException

from odoo.http import Dispatcher, FutureResponse, Response
from odoo.service.server import CommonServer
from odoo.sql_db import Cursor
from odoo.tools import config

from .app.docs_pages import DocsGuard
from .app.error_log import log_error
from .bridge import (
    RequestBody,
    ResponseBody,
    forget_tracebacks,
    get_forwarded_prefix,
    original_exception,
    stop_loops,
    wsgi_path,
)
from .bridge.body import MEMORY_SIZE
from .bridge.request_state import STATE_KEY, RequestState
from .context import odoo_env_ctx
from .error_handlers import (
    attached_headers,
    convert_exception_to_status_body,
    exception_headers,
    json_content,
)
from .exceptions import AppBuildError, HandledError, WebSocketRefused
from .follow_up import reopen
from .handshake import check_handshake, is_upgrade, keep_refusal
from .request_cycle import RequestCycle, build_response, collect
from .websocket_start import check_client, identify, start_websocket
from .websockets import Connection, open_websockets

if TYPE_CHECKING:
    from starlette.types import Scope

__all__ = ["FastApiDispatcher"]

_logger = logging.getLogger(__name__)

CommonServer.on_stop(stop_loops)

#: Detail of the 503 for a WebSocket in an ``HttpCase``, which has no commits.
_TEST_CURSOR = (
    "The app accepts this WebSocket, but a test on Odoo's test cursor can't go on: "
    "nothing is committed. Use the client of FastAPITransactionCase "
    "(websocket_connect), or a server of its own."
)


class FastApiDispatcher(Dispatcher):
    """Passes a request to the FastAPI app of its endpoint.

    Other addons subclass ``odoo.http._dispatchers["fastapi"]``. The last subclass
    serves all databases, even those without its addon.
    """

    routing_type = "fastapi"

    def __init__(self, request: Any) -> None:
        super().__init__(request)
        #: Status code of the app's response; an override may add the reason phrase.
        self.status: str = ""
        #: Header pairs of the app's response.
        self.headers: list[tuple[str, str]] = []
        #: The exception of a handler.
        self.inner_exception: BaseException | None = None
        #: Id of the endpoint's user if an anonymous client runs as that user
        #: (``ir.http._auth_method_public``). Replays keep it.
        self.anonymous_uid: int | None = None
        #: Odoo's refusal of a client who may still read the documentation
        #: (``ir.http._authenticate``).
        self.refusal: Exception | None = None
        #: Whether this is the first attempt at the request, and has not begun yet.
        self.is_new = True
        #: Whether a WebSocket may come from a page of any site, because the endpoint
        #: allows all origins.
        self.from_unknown_site = False
        #: Whether the client asks for a WebSocket.
        self._is_handshake = is_upgrade(request.httprequest.environ)
        self._body: RequestBody | None = None
        #: Headers that Odoo had set for the response before the first attempt.
        self._future_headers: list[tuple[str, str]] | None = None
        #: The current attempt.
        self._cycle: RequestCycle | None = None
        #: ASGI scope of a request that failed, for the log.
        self._scope: Scope | None = None
        #: Headers of ``inner_exception`` before any override has added some.
        self._error_headers: list[tuple[str, str]] = []
        self._had_no_headers = False
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
            self._error_headers = _all_headers(exc)
            self._had_no_headers = "headers" not in vars(exc)
            # outside of _manage_odoo_env: contextlib sets attributes of exceptions, and
            # some exceptions refuse that
            raise exc
        return response

    def _run_app(self, injected: Exception | None = None) -> Response | None:
        """Run the app of the endpoint, and return its response.

        :param injected: an exception from outside the app, which the app responds to
            instead of routing the request
        :return: None if the caller must raise ``inner_exception``, or if the app has no
            response to the injected exception
        """
        environ = self._get_environ()
        upgrade = self._is_handshake and injected is None
        if upgrade:
            if self.refusal is not None:
                raise self.refusal  # documentation has no WebSockets
            check_handshake(environ)
        endpoints = self.request.env["fastapi.endpoint"]
        path = wsgi_path(environ)
        app = endpoints.get_app(path)
        prepare = getattr(app, "prepare_request", None)  # apps of overrides may lack it
        calls = prepare(environ) if prepare and injected is None else ()
        if calls:
            # they may wait for other servers, so end the transaction
            self.request.env.cr.rollback()
            for call in calls:
                call()
            app = endpoints.get_app(path)
        if app is None:  # the endpoint has just been archived
            raise NotFound()
        if upgrade:
            return self._run_websocket(environ, app, endpoints.get_uid(path))
        guard = DocsGuard(
            endpoints._get_docs_access_of_request,
            environ["PATH_INFO"],
            environ.get("SCRIPT_NAME", ""),
            ask_brand=endpoints._get_docs_brand_of_request,
        )
        state = environ[STATE_KEY] = RequestState(
            injected=injected, handle_error=self.handle_error, docs_guard=guard
        )
        with self._manage_odoo_env(endpoints.get_uid(path)):
            self._close_cycle()
            if injected is None:
                self._cycle = RequestCycle(odoo_env_ctx.get(), self.request)
                state.flush = self._cycle.flush
            self.status, self.headers, self.inner_exception = "", [], None
            body = app(environ, self._make_response)
            exc = self.inner_exception
            if not isinstance(body, ResponseBody):  # the app of an override
                body = ResponseBody(list(body), handled=exc is None)
            if self._cycle is None:
                self._scope = body.scope
                return self._build_response(collect(body)) if body.handled else None
            if self.refusal is not None and not guard.handled:
                body.close()
                raise self.refusal
            response = self._cycle.respond(body, state, exc, self._build_response)
            if response is None:
                self._scope = body.scope
            return response

    def _run_websocket(
        self, environ: dict[str, Any], app: Any, uid: int | None
    ) -> Response | None:
        """Run the app until it accepts or refuses a WebSocket.

        If it accepts, it goes on when the server has sent the response.

        :return: see :meth:`_run_app`
        :raises WebSocketRefused: a limit is reached; see also ``check_client``
        """
        check_client(self.request, app)
        state = environ[STATE_KEY] = RequestState(handle_error=self.handle_error)
        with self._manage_odoo_env(uid):
            self._close_cycle()
            self._cycle = cycle = RequestCycle(odoo_env_ctx.get(), self.request)
            state.flush = cycle.flush
            self.status, self.headers, self.inner_exception = "", [], None
            exchange = app.connect(environ, app.limits)
            exc = exchange.exception
            if exc is not None or not exchange.accepted:
                exc_info = (type(exc), exc, exc.__traceback__) if exc else None
                self._make_response(
                    str(exchange.status or 500), exchange.headers, exc_info
                )
                body = ResponseBody(
                    (exchange.body,), handled=exchange.handled, scope=exchange.scope
                )
                response = cycle.respond(body, state, exc, self._build_response)
                if response is None:
                    self._scope = body.scope
                return response
            connection = Connection(exchange, app, self.request.env.registry)
            cycle.accept(connection)
            identify(connection, self.request, state)
            open_websockets.add(connection)
        response = build_response("101", exchange.handshake_headers(), ())
        response.call_on_close(self._start_websocket)
        return response

    def _start_websocket(self) -> None:
        """Let the app of a WebSocket go on. The server has sent the 101."""
        if self._cycle is not None and self._cycle.connection is not None:
            connection = self._cycle.start_connection()
            start_websocket(connection, self.request.httprequest)

    def _make_response(
        self,
        status_mapping: str,
        headers_tuple: Iterable[tuple[str, str]],
        content: Any = None,
    ) -> None:
        """Store the start of a response; this is WSGI's ``start_response``.

        :param status_mapping: status code and reason phrase, such as ``200 OK``
        :param headers_tuple: header pairs
        :param content: ``exc_info`` of a handler's exception
        """
        self.status = status_mapping[:3]
        self.headers = list(headers_tuple)
        self.inner_exception = (
            BaseException.with_traceback(content[1], content[2]) if content else None
        )

    def _build_response(self, chunks: Iterable[bytes]) -> Response:
        """Return the app's response as a response of Odoo."""
        response = build_response(self.status, self.headers, chunks)
        if self._body is not None:
            response.call_on_close(self._body.close)
        return response

    def _close_cycle(self) -> None:
        """Close the stream or WebSocket of an attempt that is not committed."""
        if self._cycle is not None:
            self._cycle.close()
            self._cycle = None

    def _close_connection(self) -> None:
        """End the app of a WebSocket that gets another response than the 101."""
        if self._cycle is not None:
            self._cycle.close_connection()

    def _check_response(self, response: Response) -> None:
        """Let the app of a WebSocket go on only if the client gets the 101.

        :raises WebSocketRefused: a test on Odoo's test cursor opens a WebSocket
        """
        if response.status_code != 101:
            self._close_connection()  # an override has replaced the response
            keep_refusal(response, self.request.httprequest)
        elif not isinstance(self.request.env.cr, Cursor):
            raise WebSocketRefused(503, _TEST_CURSOR)

    def _serve(self, endpoint: Any, args: dict[str, Any]) -> Response:
        """Call ``dispatch`` with all its overrides, and convert its exception for Odoo.

        Odoo sets attributes of an exception, and reads the response from it. An
        instance at module level would carry them from one request to the next, and some
        exceptions refuse attributes.

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
            return response
        except Exception as err:
            exc = original_exception(err)
            self._close_connection()
        finally:
            self._dispatching = False
        response = self._get_error_response(exc)
        if response is None:
            raise exc
        for name, value in _all_headers(exc):
            if (name, value) not in self._error_headers:  # an override has added it
                response.headers[name] = value
        if self._had_no_headers:
            vars(exc).pop("headers", None)
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
        """Log an exception, and return its replacement for Odoo.

        No data of the request stays on the exception.
        """
        method = self.request.httprequest.method
        path = self.request.httprequest.path
        scope, self._scope = self._scope, None  # its state has a method of this object
        keep_refusal(response, self.request.httprequest)
        if isinstance(exc, WebSocketRefused):
            level = logging.DEBUG if response.status_code < 500 else logging.WARNING
            _logger.log(level, "WebSocket %s: %s", path, exc.detail)
        elif response.status_code < 500:
            name = type(exc).__name__
            _logger.debug("%s %s: %s after %s", method, path, response.status, name)
        else:
            name = exc.name if isinstance(exc, AppBuildError) else ""
            state = RequestState(name=name)
            log_error(exc, scope or {"method": method, "path": path, STATE_KEY: state})
        forget_tracebacks(exc)
        return HandledError(exc, response)

    def handle_error(self, exc: Exception) -> Response:
        """Return the response to an exception.

        Called for each exception of a handler for which the app has no exception
        handler, and for those that Odoo raises before or after the app. By default the
        body is ``{"detail": …}``, and the status depends on the exception's type.
        """
        status, body = convert_exception_to_status_body(exc)
        headers = exception_headers(exc)
        if body:
            headers = [*headers, ("Content-Type", "application/json")]
        return build_response(str(status), headers, json_content(body) or ())

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
                raise HandledError(exc, self.handle_error(err)) from exc
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

    def _get_environ(self) -> dict[str, Any]:
        """Return the WSGI environ for the app, a copy that an override may change.

        ``PATH_INFO`` is the whole path, ``SCRIPT_NAME`` the prefix of a reverse proxy.
        ``wsgi.input`` is at the beginning of the body, also in each replay.

        :raises werkzeug.exceptions.BadRequest: the length of the body is unknown
        :raises werkzeug.exceptions.RequestEntityTooLarge: the body is over Odoo's limit
        """
        # odoo.http.HTTPRequest hides the body (19.0, HTTPREQUEST_ATTRIBUTES)
        httprequest = self.request.httprequest._HTTPRequest__wrapped
        if self._body is None:
            self._body = RequestBody()  # the app still responds to errors
            if not self._is_handshake:  # it has none: check_handshake
                self._body = _read_body(httprequest)
        environ = dict(httprequest.environ)
        environ["wsgi.input"] = self._body.replay()
        if environ.get("HTTP_X_FORWARDED_HOST") and config["proxy_mode"]:
            # under this condition, Odoo trusts the other headers of the proxy
            prefix = get_forwarded_prefix(environ.get("HTTP_X_FORWARDED_PREFIX", ""))
            if prefix:
                environ["SCRIPT_NAME"] = prefix
        return environ

    @contextmanager
    def _manage_odoo_env(self, uid: int | None = None) -> Iterator[None]:
        """Set the environment of the handlers while the app runs.

        An override may set another one in ``odoo_env_ctx``.

        :param uid: id of the endpoint's user, None for the user of the request
        """
        env = self.request.env
        context = env.context
        accept_language = self.request.httprequest.environ.get("HTTP_ACCEPT_LANGUAGE")
        if accept_language:
            lang = env["res.lang"]._get_lang_from_accept_language(accept_language)
            if lang:
                context = dict(context, lang=lang)
        if context is not env.context or (uid and uid != env.uid):
            env = env(user=uid or None, context=context)
        token = odoo_env_ctx.set(env)
        try:
            with env["fastapi.endpoint"]._app_context():
                yield
        finally:
            odoo_env_ctx.reset(token)


def _read_body(httprequest: Any) -> RequestBody:
    """Read the whole body of a request; each attempt reads the result again."""
    environ = httprequest.environ
    length = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        # werkzeug would treat the body as empty
        raise BadRequest("The Content-Length is not a number.")
    # whether the stream ends by itself; None if it ends after the Content-Length
    terminated = environ.get("wsgi.input_terminated")
    if length == "0" and not terminated and not environ.get("HTTP_TRANSFER_ENCODING"):
        # Making werkzeug's stream takes 1 % of a request's instructions. If a client
        # asks for an upgrade, gevent.pywsgi's stream ends only with the connection.
        return RequestBody()
    if terminated is False:
        raise BadRequest("A request for an upgrade can't have a body here.")
    return RequestBody(
        httprequest.stream,
        httprequest.max_content_length,
        # by the number of its digits, as int() refuses thousands of them
        is_small=terminated is None and len(length) < len(str(MEMORY_SIZE)),
    )


def _all_headers(exc: BaseException) -> list[tuple[str, str]]:
    """Return all headers of an exception, including those that overrides added."""
    return [*exception_headers(exc), *attached_headers(exc)]
