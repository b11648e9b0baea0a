# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""One WSGI request of Odoo in, one response out.

The life of a request below an endpoint::

    odoo.http.Request._serve_db
    +-> ir.http._match                     which endpoint? (models/ir_http)
    +-> odoo.service.model.retrying        as often as concurrent transactions demand
        +-> ir.http._authenticate          session, or the user of the endpoint
        +-> ir.http._pre_dispatch
        |   +-> FastApiDispatcher.pre_dispatch
        +-> FastApiDispatcher._serve           outside of all overrides of dispatch
        |   FastApiDispatcher.dispatch
        |   +-> _get_environ               the environ, its body replayable
        |   +-> fastapi.endpoint.get_app   the app, built on first use (mounts)
        |   +-> prepare_request            what ways to authenticate must fetch
        |   +-> _manage_odoo_env           user, language -> context.odoo_env_ctx
        |   +-> AsgiApplication            the app on this thread (bridge)
        |       +-> _make_response         status, headers, exception of the app
        +-> commit
        (then, while the response is sent: streams and background tasks,
         late_transactions)
    +-> ir.http._handle_error              only after an exception: rolled back
        +-> FastApiDispatcher.answer_error what the app answered, or handle_error

An exception leaves ``dispatch`` as it was raised in the handler. ``_serve`` gives Odoo
a ``HandledError`` instead, with the response that the app made: Odoo rolls back, logs
it and sends the response. What Odoo replays stays what it is.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg2
from werkzeug.datastructures import Headers
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.exceptions import HTTPException as WerkzeugHTTPException

from odoo.http import Dispatcher, FutureResponse, Response
from odoo.service.server import CommonServer
from odoo.tools import config

from .after_response import (
    DeferredTasks,
    FollowUpTransactions,
    StreamBody,
    reopen,
)
from .app.docs_pages import DocsGuard
from .app.error_log import log_error
from .app.wrapped import TRANSACTION_ERRORS
from .bridge import (
    RequestBody,
    ResponseBody,
    forget_tracebacks,
    get_forwarded_prefix,
    original_exception,
    stop_loops,
    wsgi_path,
)
from .bridge.request_state import STATE_KEY, RequestState
from .context import odoo_env_ctx
from .error_handlers import (
    attached_headers,
    convert_exception_to_status_body,
    exception_headers,
    json_content,
)
from .exceptions import AppBuildError, CommittedHTTPException, HandledError
from .transaction_errors import get_swallowed_error, remember_errors

if TYPE_CHECKING:
    from types import TracebackType

    from starlette.types import Scope

    from odoo.api import Environment

    ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

__all__ = ["FastApiDispatcher"]

_logger = logging.getLogger(__name__)

#: Seconds that the answer to an exception may wait for a connection to the database:
#: without one it is made without the app.
ANSWER_TIMEOUT = 1

CommonServer.on_stop(stop_loops)


class FastApiDispatcher(Dispatcher):
    """Hands a request to the FastAPI app of its endpoint.

    Other addons subclass ``odoo.http._dispatchers["fastapi"]``; the last subclass
    serves the requests of all databases, also of those without the addon.
    """

    routing_type = "fastapi"

    def __init__(self, request: Any) -> None:
        super().__init__(request)
        #: Status code and phrase of the app's answer, or the code alone.
        self.status: str = ""
        #: Header pairs of the app's answer.
        self.headers: list[tuple[str, str]] = []
        #: What a handler raised, if anything.
        self.inner_exception: BaseException | None = None
        #: Id of the endpoint's user if the request started as that one because nobody
        #: is authenticated (``ir.http._auth_method_public``); in a replay too.
        self.anonymous_uid: int | None = None
        #: Why Odoo has refused the client, who may still read documentation
        #: (``ir.http._authenticate``).
        self.refusal: Exception | None = None
        self._body: RequestBody | None = None
        self._future_headers: Headers | None = None
        #: ASGI scope of a request whose exception is from outside of the app.
        self._scope: Scope | None = None
        #: A stream that waits for the commit.
        self._stream: StreamBody | None = None
        #: The response to ``inner_exception``, and the headers of that at the time.
        self._error_response: Response | None = None
        self._error_headers: list[tuple[str, str]] = []
        self._had_no_headers = False
        #: Whether what the request leaves pending could not be flushed.
        self._flush_failed = False
        self._dispatching = False
        self.dispatch = self._serve  # Odoo calls it on the instance

    @classmethod
    def is_compatible_with(cls, request: Any) -> bool:
        return True  # any content type: parsing it is the app's business

    def pre_dispatch(self, rule: Any, args: dict[str, Any]) -> None:
        future_response = self.request.future_response
        if self._future_headers is None:
            self._future_headers = future_response.headers.copy()
        else:
            # a replay: forget the headers of the attempt before
            self.request.future_response = FutureResponse()
            self.request.future_response.headers.extend(self._future_headers)
        return super().pre_dispatch(rule, args)

    def post_dispatch(self, response: Response) -> None:
        if "public" in response.headers.get("Cache-Control", ""):
            # kept by caches for everybody: no place for the cookie of a new session
            self.request.session.can_save = False
        stream, self._stream = self._stream, None
        if stream is None:
            return super().post_dispatch(response)
        try:
            super().post_dispatch(response)
            stream.start()
        except BaseException:
            stream.close()
            raise
        return None

    def dispatch(self, endpoint: Any, args: dict[str, Any]) -> Response:
        """Run the app for the request.

        An override may look at the request before and at the response after, and sees
        every exception of a handler as it was raised; it must let it pass. Headers that
        it adds to ``headers`` of the exception reach the client.

        :return: the app's answer
        :raises Exception: what a handler raised; its response is kept for Odoo
        :raises AppBuildError: there is no app to ask
        """
        environ = self._get_environ()
        endpoints = self.request.env["fastapi.endpoint"]
        path = wsgi_path(environ)
        app = endpoints.get_app(path)
        prepare = getattr(app, "prepare_request", None)  # or an override's app
        calls = prepare(environ) if prepare else ()
        if calls:
            # they may wait for another server, with no transaction open
            self.request.env.cr.rollback()
            for call in calls:
                call()
            app = endpoints.get_app(path)
        if app is None:  # archived between routing and here
            raise NotFound()
        with self._manage_odoo_env(endpoints.get_uid(path)):
            response = self._run_app(app, environ)
        exc = self.inner_exception
        if response is None and exc is not None:
            # out here: contextlib changes the exception, which it may not allow
            raise exc
        return response

    def _run_app(self, app: Any, environ: dict[str, Any]) -> Response | None:
        """Return the app's response; None if ``inner_exception`` is to be raised."""
        # what is still pending at commit is computed as the endpoint's user, or as the
        # caller: auth.run_as
        env = odoo_env_ctx.get()
        env.transaction.default_env = env
        remember_errors(env.cr)
        state = environ[STATE_KEY]
        state.flush = partial(self._flush, env)
        answer = self._call_app(app, environ)
        if state.caller_env is not None:
            # taken away: the scope may live on
            env, state.caller_env = state.caller_env, None
        scope = answer.scope
        if self.refusal is not None and not state.docs_guard.answered:
            answer.close()
            raise self.refusal
        exc = self.inner_exception
        error = get_swallowed_error(env.cr)
        if error is not None and (
            exc is None
            or isinstance(exc, CommittedHTTPException)
            or isinstance(exc, psycopg2.errors.InFailedSqlTransaction)
        ):
            answer.close()
            raise error
        if exc is not None:
            committed = isinstance(exc, CommittedHTTPException) and answer.answered
            if not committed or self._flush_failed:
                self._keep_response(exc, answer)
                self._scope = scope
                return None
            forget_tracebacks(exc)
        if answer.streaming:
            return self._build_stream(answer, FollowUpTransactions(env, scope))
        response = self._build_response(answer)
        tasks = answer.tasks()
        if tasks:
            late = FollowUpTransactions(env, scope)
            response.call_on_close(DeferredTasks(late, tasks).close)
        return response

    def _flush(self, env: Environment) -> None:
        """Flush what the handler leaves pending, while the app can still answer."""
        cr, transaction = env.cr, env.transaction
        if not (transaction.field_dirty or transaction.tocompute or cr.precommit):
            return
        # an error that is swallowed, or a lost connection, is looked for later
        if not cr.closed and get_swallowed_error(cr) is None:
            self._flush_failed = True
            cr.flush()
            self._flush_failed = False

    def _keep_response(self, exc: BaseException, answer: ResponseBody) -> None:
        """Keep the response that the app made of an exception, if it did."""
        if isinstance(exc, TRANSACTION_ERRORS) or not answer.answered:
            answer.close()
        else:
            self._error_response = self._build_response(answer)
            self._error_headers = _all_headers(exc)
            self._had_no_headers = "headers" not in vars(exc)

    def _serve(self, endpoint: Any, args: dict[str, Any]) -> Response:
        """Call ``dispatch`` with all its overrides, and raise what Odoo understands.

        Odoo sets attributes of an exception, and looks for the response there. An
        instance at module level would carry them from one request to another, and some
        exceptions refuse them.

        :raises HandledError: instead of an exception that the app has answered
        :raises Exception: what is to be replayed, or comes from outside of the app
        """
        if self.inner_exception is not None:  # of the attempt before
            forget_tracebacks(self.inner_exception)
        self.inner_exception = self._error_response = None
        self._flush_failed = False
        # nothing is parsed: the app reads the body. Addons of Odoo look at it after an
        # override of dispatch, too
        self.request.params = {}
        self._dispatching = True
        try:
            return type(self).dispatch(self, endpoint, args)
        except Exception as err:
            exc = original_exception(err)
        finally:
            self._dispatching = False
        response = self._error_response
        if response is None or exc is not self.inner_exception:
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

    def _handled_error(self, exc: Exception, response: Response) -> HandledError:
        """Log an exception, and return what Odoo gets instead of it.

        Nothing of the request stays on the exception.
        """
        scope = self._scope
        self._scope = None  # its state has a method of this object
        if response.status_code >= 500:
            log_error(exc, scope)
        else:
            _logger.debug(
                "%s %s: %s after %s",
                self.request.httprequest.method,
                self.request.httprequest.path,
                response.status_code,
                type(exc).__name__,
            )
        forget_tracebacks(exc)
        return HandledError(exc, response)

    def handle_error(self, exc: Exception) -> Response:
        """Return the answer to an exception.

        Called for whatever a handler raises and no handler of the app shapes, and for
        what Odoo raises before or after the app.

        :param exc: the exception
        :return: by default ``{"detail": …}`` with the status of the exception's type
        """
        status, body = convert_exception_to_status_body(exc)
        headers = exception_headers(exc)
        if not body:
            return Response(status=status, headers=headers)
        return Response(
            json_content(body),
            status=status,
            headers=headers,
            content_type="application/json",
        )

    def answer_error(self, exc: Exception) -> Response:
        """Return the answer to an exception: ``ir.http._handle_error``.

        Odoo asks for it when the transaction is over. Then an exception from outside
        of a handler goes through the app, so that its exception handlers and its
        middleware see it like any other. An exception that the app has answered keeps
        its response.
        """
        if isinstance(exc, HandledError):
            return exc.error_response
        if self._error_response is not None and exc is self.inner_exception:
            return self._error_response
        if self._dispatching:
            return self.handle_error(exc)
        if isinstance(exc, AppBuildError):
            self._log(exc)
            exc.loglevel = logging.NOTSET
            return self.handle_error(exc)
        response = None
        logged = False
        try:
            response = self._answer_by_app(exc)
        except WerkzeugHTTPException as err:
            _logger.debug("No app can be called for this request: %s", err)
        except AppBuildError as err:
            _logger.error(err, exc_info=True)
            response, logged = self.handle_error(err), True
        except Exception:
            _logger.exception("The app can't answer %s: answered without.", type(exc))
        if response is None:
            response = self.handle_error(exc)
        if response.status_code >= 500 and not logged:
            self._log(exc)
        self._scope = None  # its state has a method of this object
        # what Odoo looks for, and is about to set
        given = {"error_response": response, "loglevel": logging.NOTSET}
        with suppress(Exception):  # not all exceptions can be given something
            for name, value in given.items():
                setattr(exc, name, value)
        if not given.items() <= vars(exc).items():
            _forget_answer(exc, given)
            raise HandledError(exc, response)
        response.call_on_close(partial(_forget_answer, exc, given))
        return response

    def _log(self, exc: Exception) -> None:
        """Log an exception from outside of a handler, with the request's route."""
        httprequest = self.request.httprequest
        scope = {"method": httprequest.method, "path": httprequest.path}
        if isinstance(exc, AppBuildError):
            scope[STATE_KEY] = RequestState(name=exc.name)
        log_error(exc, self._scope or scope)

    def _answer_by_app(self, exc: Exception) -> Response | None:
        """Return what the app answers to an exception, None if there is nothing."""
        env = self.request.env
        if not env.cr.closed:
            env.cr.rollback()
        elif not _reopen(env):
            return None
        environ = self._get_environ()
        endpoints = env["fastapi.endpoint"]
        path = wsgi_path(environ)
        app = endpoints.get_app(path)
        if app is None:
            return None
        environ[STATE_KEY].injected = exc
        with self._manage_odoo_env(endpoints.get_uid(path)):
            answer = self._call_app(app, environ)
            self._scope = answer.scope
            if not answer.answered:
                return None
            return self._build_response(answer)

    def _call_app(self, app: Any, environ: dict[str, Any]) -> ResponseBody:
        """Run a WSGI app; status, headers and exception end up in the attributes."""
        self.status, self.headers, self.inner_exception = "", [], None
        if self._stream is not None:  # of an attempt before, that went no further
            self._stream.close()
            self._stream = None
        answer = app(environ, self._make_response)
        if not isinstance(answer, ResponseBody):  # of an app that an override returns
            answer = ResponseBody(list(answer), answered=self.inner_exception is None)
        return answer

    def _make_response(
        self,
        status_mapping: str,
        headers_tuple: Iterable[tuple[str, str]],
        content: ExcInfo | None = None,
    ) -> None:
        """Take the beginning of an answer: ``start_response`` of WSGI.

        :param status_mapping: status code and phrase, ``200 OK``
        :param headers_tuple: header pairs
        :param content: ``exc_info`` of what a handler raised
        """
        self.status = status_mapping[:3]
        self.headers = list(headers_tuple)
        self.inner_exception = (
            BaseException.with_traceback(content[1], content[2]) if content else None
        )

    def _build_stream(
        self, answer: ResponseBody, late: FollowUpTransactions
    ) -> Response:
        """Return the response of a stream, which :meth:`post_dispatch` commits.

        Until then all that is refused, a header for example, rolls the request back.
        """
        stream = StreamBody(answer, late, self.request)
        try:
            response = self._build_response(answer, stream)
        except BaseException:
            stream.close()
            raise
        self._stream = stream
        return response

    def _build_response(
        self, answer: ResponseBody, body: StreamBody | None = None
    ) -> Response:
        """Return the app's answer as a response of Odoo, its headers untouched.

        :param body: the body of a stream, which is collected otherwise
        """
        headers = Headers(self.headers)
        typed = "content-type" in headers
        if body is None:
            with closing(answer):
                body = list(answer)
        response = Response(body, status=self.status, headers=headers)
        if not typed:
            response.headers.remove("Content-Type")  # werkzeug's default
        if self._body is not None:
            response.call_on_close(self._body.close)
        return response

    def _get_environ(self) -> dict[str, Any]:
        """Return the WSGI environ that the app gets.

        A copy, so that what is done to it changes nothing for Odoo. ``PATH_INFO`` is
        the whole path, ``SCRIPT_NAME`` the prefix of a reverse proxy, and
        ``wsgi.input`` the body at its beginning, in each replay anew. It has a new
        :class:`RequestState`.

        :raises werkzeug.exceptions.BadRequest: nobody knows how long the body is
        :raises werkzeug.exceptions.RequestEntityTooLarge: body over Odoo's limit
        """
        # odoo.http.HTTPRequest shows neither the body nor the server's part of the
        # environ (19.0, HTTPREQUEST_ATTRIBUTES); tests over HTTP fail if this moves
        httprequest = self.request.httprequest._HTTPRequest__wrapped
        if self._body is None:
            try:
                length = httprequest.environ.get("CONTENT_LENGTH") or "0"
                if not (length.isascii() and length.isdigit()):
                    # werkzeug would take the body for empty
                    raise BadRequest("The Content-Length is not a number.")
                if httprequest.environ.get("wsgi.input_terminated", True):
                    stream = httprequest.stream
                elif length == "0" and not httprequest.headers.get("Transfer-Encoding"):
                    # gevent.pywsgi, for a connection that is to be upgraded: its stream
                    # ends with the connection, though werkzeug takes it for a body
                    stream = io.BytesIO()
                else:
                    raise BadRequest("A request for an upgrade can't have a body here.")
                self._body = RequestBody(stream, httprequest.max_content_length)
            except Exception:
                self._body = RequestBody(io.BytesIO())  # for the app to answer that
                raise
        environ = dict(httprequest.environ)
        environ["wsgi.input"] = self._body.replay()
        if config["proxy_mode"] and environ.get("HTTP_X_FORWARDED_HOST"):
            # Odoo takes the other forwarded headers from the same proxy
            prefix = get_forwarded_prefix(environ.get("HTTP_X_FORWARDED_PREFIX", ""))
            if prefix:
                environ["SCRIPT_NAME"] = prefix
        endpoints = self.request.env["fastapi.endpoint"]
        guard = DocsGuard(
            endpoints._get_docs_access_of_request,
            environ["PATH_INFO"],
            environ.get("SCRIPT_NAME", ""),
            ask_brand=endpoints._get_docs_brand_of_request,
        )
        environ[STATE_KEY] = RequestState(
            handle_error=self.handle_error, docs_guard=guard
        )
        return environ

    @contextmanager
    def _manage_odoo_env(self, uid: int | None = None) -> Iterator[None]:
        """Make the environment of the handlers available for the time of the app.

        An override may set another one in ``odoo_env_ctx``.

        :param uid: id of the endpoint's user, None for the user of the request
        """
        env = self.request.env
        context = env.context
        accept_language = self.request.httprequest.headers.get("Accept-Language")
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


def _all_headers(exc: BaseException) -> list[tuple[str, str]]:
    """Return all headers of an exception: overrides may add to those of any."""
    return [*exception_headers(exc), *attached_headers(exc)]


def _reopen(env: Environment) -> bool:
    """Give an environment a new cursor; return whether there is one to be had."""
    try:
        reopen(env, ANSWER_TIMEOUT)
    except psycopg2.Error:  # the server is away: the exception to answer says so
        return False
    return True


def _forget_answer(exc: BaseException, given: Iterable[str]) -> None:
    """Take away what an exception from outside of the app was given for its response.

    One that is raised more than once would be answered with what it has.

    :param given: names of attributes
    """
    for name in given:
        vars(exc).pop(name, None)
    forget_tracebacks(exc)
