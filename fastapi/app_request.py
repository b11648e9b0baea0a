# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Runs the app of an endpoint for a request: a base class of the dispatcher.

The dispatcher calls ``_run_app`` in each attempt. Other addons override its methods
``_get_environ``, ``_manage_odoo_env``, ``_make_response`` and ``handle_error``.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import NotFound

from odoo.http import SAFE_HTTP_METHODS

from .auth.session import check_site_of_endpoint
from .bridge import RequestBody, ResponseBody, wsgi_path
from .bridge.request_state import STATE_KEY, RequestState
from .context import odoo_env_ctx
from .error_handlers import (
    convert_exception_to_status_body,
    error_headers,
    json_content,
)
from .handshake import check_handshake, is_upgrade, keep_refusal
from .request_cycle import RequestCycle, build_response, collect
from .request_environ import make_docs_guard, make_env, make_environ, read_body
from .websocket_start import (
    check_client,
    check_cursor,
    keep_websocket,
    start_websocket,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from starlette.types import Scope

    from odoo.http import Response

    from .observers import RequestObserver

__all__ = ["AppRequest"]


class AppRequest:
    """Runs the app for a request of Odoo, once for each attempt.

    :param request: request of Odoo
    """

    request: Any

    def __init__(self, request: Any) -> None:
        super().__init__(request)  # type: ignore[call-arg]  # Odoo's Dispatcher
        #: Status code of the app's response; an override may add the reason phrase.
        self.status: str = ""
        #: Header pairs of the app's response.
        self.headers: list[tuple[str, str]] = []
        #: The exception of a handler.
        self.inner_exception: BaseException | None = None
        #: Odoo's refusal of a client who may still read the documentation
        #: (``ir.http._authenticate``).
        self.refusal: Exception | None = None
        #: Whether the client asks for a WebSocket.
        self._is_handshake = is_upgrade(request.httprequest.environ)
        self._body: RequestBody | None = None
        #: The current attempt.
        self._cycle: RequestCycle | None = None
        #: ASGI scope of a request that failed, for the log.
        self._scope: Scope | None = None
        #: What other addons add to learn how the app responds.
        self.observers: list[RequestObserver] = []

    @property
    def body(self) -> RequestBody | None:
        """The body of the request, None before the first attempt has read it."""
        return self._body

    def _run_app(self, injected: Exception | None = None) -> Response | None:
        """Run the app of the endpoint, and return its response.

        :param injected: an exception from outside the app, which the app responds to
            instead of routing the request
        :return: None if the caller must raise ``inner_exception``, or if the app has no
            response to the injected exception
        :raises HTTPException: 403, only pages of this site may use the session
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
        if environ["REQUEST_METHOD"] not in SAFE_HTTP_METHODS and injected is None:
            check_site_of_endpoint()
        guard = make_docs_guard(self.request.env, environ)
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
            if self.observers and body.scope is not None:
                for observer in self.observers:
                    observer.ran(body.scope, injected or exc)
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
            for observer in self.observers:
                observer.ran(exchange.scope, exc)
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
            keep_websocket(exchange, app, cycle, self.request, state)
        response = build_response("101", exchange.handshake_headers(), ())
        response.call_on_close(self._start_websocket)
        for observer in self.observers:
            observer.built(response)
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
        for observer in self.observers:
            observer.built(response)
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
        else:
            check_cursor(self.request.env.cr)

    def handle_error(self, exc: Exception) -> Response:
        """Return the response to an exception.

        Called for each exception of a handler for which the app has no exception
        handler, and for those that Odoo raises before or after the app. By default the
        body is ``{"detail": …}``, and the status depends on the exception's type.
        """
        status, body = convert_exception_to_status_body(exc)
        headers = error_headers(exc, body)
        return build_response(str(status), headers, json_content(body) or ())

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
                self._body = read_body(httprequest)
                # Before a replay, Odoo rewinds uploaded files (``retrying``). There are
                # none to parse, and werkzeug before 3.1.9 would refuse a long form.
                files = httprequest.parameter_storage_class()
                vars(httprequest).setdefault("files", files)
        return make_environ(httprequest.environ, self._body)

    @contextmanager
    def _manage_odoo_env(self, uid: int | None = None) -> Iterator[None]:
        """Set the environment of the handlers while the app runs.

        An override may set another one in ``odoo_env_ctx``.

        :param uid: id of the endpoint's user, None for the user of the request
        """
        languages = self.request.httprequest.environ.get("HTTP_ACCEPT_LANGUAGE", "")
        env = make_env(self.request.env, languages, uid)
        token = odoo_env_ctx.set(env)
        try:
            with env["fastapi.endpoint"]._app_context():
                yield
        finally:
            odoo_env_ctx.reset(token)
