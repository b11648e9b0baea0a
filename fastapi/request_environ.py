# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the app gets of a request of Odoo: its WSGI environ, its body, its environment.

The dispatcher calls these functions in methods that other addons override.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import BadRequest

from odoo.tools import config

from .app.docs_guard import DocsGuard
from .bridge import RequestBody, get_forwarded_prefix
from .bridge.body import MEMORY_SIZE

if TYPE_CHECKING:
    from odoo.api import Environment

__all__ = ["make_docs_guard", "make_env", "make_environ", "read_body"]


def read_body(httprequest: Any) -> RequestBody:
    """Read the whole body of a request; each attempt reads the result again.

    :param httprequest: the request, of werkzeug
    :raises werkzeug.exceptions.BadRequest: the length of the body is unknown
    :raises werkzeug.exceptions.RequestEntityTooLarge: the body is over Odoo's limit
    """
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


def make_environ(environ: dict[str, Any], body: RequestBody) -> dict[str, Any]:
    """Return a copy of a WSGI environ for the app.

    :param environ: environ of the request
    :param body: its body, which the app reads from the beginning
    """
    environ = dict(environ)
    environ["wsgi.input"] = body.replay()
    if environ.get("HTTP_X_FORWARDED_HOST") and config["proxy_mode"]:
        # under this condition, Odoo trusts the other headers of the proxy
        prefix = get_forwarded_prefix(environ.get("HTTP_X_FORWARDED_PREFIX", ""))
        if prefix:
            environ["SCRIPT_NAME"] = prefix
    return environ


def make_docs_guard(env: Environment, environ: dict[str, Any]) -> DocsGuard:
    """Return what decides about the documentation for the client of a request.

    :param env: environment of the request
    :param environ: WSGI environ for the app
    """
    endpoints = env["fastapi.endpoint"]
    return DocsGuard(
        endpoints._get_docs_access_of_request,
        environ["PATH_INFO"],
        environ.get("SCRIPT_NAME", ""),
        ask_brand=endpoints._get_docs_brand_of_request,
    )


def make_env(env: Environment, accept_language: str, uid: int | None) -> Environment:
    """Return the environment of the handlers.

    :param env: environment of the request
    :param accept_language: header of the request, empty without one
    :param uid: id of the endpoint's user, None for the user of the request
    """
    context = env.context
    if accept_language:
        lang = env["res.lang"]._get_lang_from_accept_language(accept_language)
        if lang:
            context = dict(context, lang=lang)
    if context is not env.context or (uid and uid != env.uid):
        env = env(user=uid or None, context=context)
    return env
