# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``odoo api call``: calls a route without a server.

From ``ir.http._match`` on, Odoo handles the request as one over HTTP. The steps before
it (``odoo.http.Application``, ``Request._serve_db``, 19.0) open their own sessions and
cursors, so this module replaces them.
"""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.test import EnvironBuilder, run_wsgi_app

from odoo.api import Environment
from odoo.http import (
    HTTPRequest,
    Request,
    Response,
    Session,
    _request_stack,
    get_default_session,
)
from odoo.service.model import retrying
from odoo.sql_db import BaseCursor, Savepoint

from ..auth import Caller
from ..bridge import wsgi_path
from ..context import odoo_env_ctx
from ..dependencies import (
    authenticated_caller,
    authenticated_partner_impl,
    optionally_authenticated_caller,
    optionally_authenticated_partner_impl,
)
from ..exceptions import CommandError, HandledError
from ._database import check_live, describe_endpoints, open_env

if TYPE_CHECKING:
    import argparse

    from odoo.models import BaseModel
    from odoo.modules.registry import Registry

__all__ = ["run"]

#: Headers of a browser whose user opens a page. With them, Odoo accepts a session
#: instead of an API key (``ir.http._auth_method_bearer``).
BROWSER_HEADERS = {
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "same-origin",
    "Sec-Fetch-User": "?1",
}


def run(args: argparse.Namespace) -> int:
    """Make a request and print the response; return 1 if its status is an error."""
    builder = _read_request(args)
    session = Session(get_default_session(), secrets.token_urlsafe(), new=True)
    session.can_save = False
    session.update(db=args.database, context={"lang": "en_US"})
    with open_env(args.database) as env:
        path = wsgi_path(builder.get_environ())
        endpoint = env["fastapi.endpoint"]._get_endpoint(path)
        if not endpoint:
            raise CommandError(f"no endpoint serves {path}; {describe_endpoints(env)}")
        check_live(endpoint)
        builder.base_url = endpoint.get_base_url()
        caller = None
        if args.user:
            caller = _log_in(session, env, args.user)
            builder.headers.extend(BROWSER_HEADERS)
        registry = env.registry
        app = endpoint._get_built_app()
    environ = builder.get_environ()
    with _authenticated(app, caller):
        response = _serve(environ, session, registry, args.commit)
        chunks, status, headers = run_wsgi_app(response, environ)
        failed = response.status_code >= 400
        if not failed:
            status += " (committed)" if args.commit else " (rolled back)"
        sys.stderr.write(f"{status}\n")
        complete = _write(chunks)
        if headers.get("Content-Type", "").startswith("application/json"):
            sys.stdout.write("\n")
        return 0 if complete and not failed else 1


def _read_request(args: argparse.Namespace) -> EnvironBuilder:
    """Return the request that the arguments describe.

    :raises CommandError: an argument is malformed
    """
    headers = Headers()
    for header in args.header:
        name, colon, value = header.partition(":")
        if not colon or not name.strip():
            raise CommandError(f"-H {header!r} is not of the form 'name: value'")
        headers.add(name.strip(), value.strip())
    data = None
    if args.data is not None:
        data = _read_data(args.data)
        if "Content-Type" not in headers:
            try:
                json.loads(data)
            except ValueError as err:
                raise CommandError(
                    f"--data is not JSON: {err}; give a header Content-Type if it is "
                    "something else"
                ) from err
            headers["Content-Type"] = "application/json"
    return EnvironBuilder(
        path=f"/{args.path.lstrip('/')}",
        method=args.method.upper(),
        headers=headers,
        data=data,
        environ_base={"REMOTE_ADDR": "127.0.0.1"},
    )


def _read_data(text: str) -> bytes:
    if not text.startswith("@"):
        return text.encode()
    if text == "@-":
        return sys.stdin.buffer.read()
    try:
        return Path(text[1:]).read_bytes()
    except OSError as err:
        raise CommandError(f"can't read {text[1:]}: {err.strerror}") from err


def _log_in(session: Session, env: Environment, login: str) -> Caller:
    """Log a user in, and return the user as the caller of the app.

    :raises CommandError: no active user has that login
    """
    user = env["res.users"].search([("login", "=", login)], limit=1)
    if not user:
        raise CommandError(f"no user has the login {login}")
    session.update(
        uid=user.id,
        login=login,
        context=dict(user.with_user(user).context_get()),
        session_token=user._compute_session_token(session.sid),
        _trace_disable=True,  # Odoo records no device of the user
    )
    return Caller("app", user.partner_id.id, user.id)


@contextmanager
def _authenticated(app: Any, caller: Caller | None) -> Iterator[None]:
    """Make the app treat a caller as authenticated."""
    overrides = app.dependency_overrides
    if caller:
        partner_id = caller.partner_id

        def get_partner() -> BaseModel:
            return odoo_env_ctx.get()["res.partner"].browse(partner_id)

        app.dependency_overrides = {
            **overrides,
            authenticated_partner_impl: get_partner,
            optionally_authenticated_partner_impl: get_partner,
            authenticated_caller: lambda: caller,
            optionally_authenticated_caller: lambda: caller,
        }
    try:
        yield
    finally:
        app.dependency_overrides = overrides


class CommandRequest(Request):
    """A request with a given session, which it keeps when Odoo replays it."""

    def __init__(self, httprequest: HTTPRequest, session: Session) -> None:
        super().__init__(httprequest)
        self._command_session = session

    def _get_session_and_dbname(self) -> tuple[Session, str]:
        return self._command_session, self._command_session.db


class DryRunCursor(BaseCursor):
    """A cursor that commits to savepoints. All of them are rolled back when it closes.

    It is like ``odoo.tests.test_cursor.TestCursor``, which only works in tests.
    Callbacks in ``postcommit`` are dropped.
    """

    def __init__(self, registry: Registry) -> None:
        super().__init__()
        self._registry = registry
        self._cursor = registry.cursor()
        self._savepoint = Savepoint(self._cursor)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def execute(self, *args: Any, **kwargs: Any) -> None:
        self._cursor.execute(*args, **kwargs)

    def dictfetchone(self) -> Any:
        return self._cursor.dictfetchone()

    def commit(self) -> None:
        self.flush()
        self._renew_savepoint(rollback=False)
        self.clear()
        for callbacks in (self.prerollback, self.postrollback, self.postcommit):
            callbacks.clear()
        self._registry.reset_changes()  # do not clear the caches of other processes

    def rollback(self) -> None:
        self.clear()
        self.postcommit.clear()
        self.prerollback.run()
        self._renew_savepoint(rollback=True)
        self.postrollback.run()

    def _renew_savepoint(self, rollback: bool) -> None:
        self._savepoint.close(rollback=rollback)
        self._savepoint = Savepoint(self._cursor)
        self._now = None

    def close(self) -> None:
        if not self._cursor.closed:
            try:
                self.rollback()
            finally:
                self._cursor.close()


def _serve(
    environ: dict[str, Any], session: Session, registry: Registry, commit: bool
) -> Response:
    """Return the response of Odoo. The caller has to read its body."""
    with HTTPRequest(environ) as httprequest:
        request = CommandRequest(httprequest, session)
        request._post_init()
        request.registry = registry
        cr = registry.cursor() if commit else DryRunCursor(registry)
        _request_stack.push(request)
        try:
            request.env = Environment(cr, session.uid, session.context)
            ir_http = registry["ir.http"]
            try:
                rule, args = ir_http._match(httprequest.path)
                request._set_request_dispatcher(rule)
                serve = partial(request._serve_ir_http, rule, args)
                return retrying(serve, request.env)
            except Exception as exc:
                if isinstance(exc, HTTPException) and exc.code is None:
                    return exc.get_response()  # werkzeug's abort(response)
                try:
                    return ir_http._handle_error(exc)
                except HandledError as err:
                    return err.error_response
        finally:
            request.env = None
            cr.close()
            _request_stack.pop()


def _write(chunks: Any) -> bool:
    """Print a body chunk by chunk, and return whether it is complete."""
    with closing(chunks):
        try:
            for chunk in chunks:
                sys.stdout.buffer.write(chunk)
                sys.stdout.buffer.flush()
        except ConnectionAbortedError:  # a stream ended early; the log has the reason
            return False
    return True
