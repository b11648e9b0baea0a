# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Calls an ASGI app through the bridge, without a server and without a database."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import IO, Any

import httpx

from odoo.tests import BaseCase

from ..bridge import WsgiApp

#: Seconds until a test that would hang fails instead.
TIMEOUT = 20

JSON_TYPE = {"CONTENT_TYPE": "application/json"}


def make_environ(
    path: str = "/",
    method: str = "GET",
    body: bytes | IO[bytes] = b"",
    query: str = "",
    **more: Any,
) -> dict[str, Any]:
    """Return the WSGI environ of a request.

    :param path: decoded path
    :param body: content, or a stream of it
    :param query: query string as WSGI has it
    :param more: other keys of the environ
    """
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "odoo.example",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body) if isinstance(body, bytes) else body,
        **more,
    }


@dataclass
class Result:
    """What a WSGI application did with a request."""

    status: str = ""
    headers: list[tuple[str, str]] | None = None
    #: ``exc_info`` of ``start_response``
    exc_info: tuple[Any, ...] | None = None
    body: bytes = b""
    handled: bool = False

    @property
    def code(self) -> int:
        return int(self.status.split()[0])

    @property
    def exception(self) -> BaseException | None:
        return self.exc_info[1] if self.exc_info else None

    def header(self, name: str) -> list[str]:
        """Return all values of a header."""
        return [value for key, value in self.headers or () if key.lower() == name]


class BridgeCase(BaseCase):
    """A test case that calls apps below the bridge."""

    def wait_for(self, get: Callable[[], Any]) -> Any:
        """Return what a function returns, when that is true.

        Other threads change it, and have nothing to wait for.
        """
        until = time.monotonic() + TIMEOUT
        while not (found := get()):
            self.assertLess(time.monotonic(), until, "It takes too long.")
            time.sleep(0.005)
        return found

    def call(
        self,
        app: Any,
        path: str = "/",
        *,
        root_path: str = "",
        environ: dict[str, Any] | None = None,
        **more: Any,
    ) -> Result:
        """Send one request to an ASGI app, and return the result.

        :param path: path of the URL, with the root path
        :param environ: WSGI environ, by default that of :func:`make_environ`
        """
        result = Result()

        def start_response(
            status: str,
            headers: list[tuple[str, str]],
            exc_info: tuple[Any, ...] | None = None,
        ) -> None:
            result.status, result.headers = status, headers
            result.exc_info = exc_info

        if environ is None:
            environ = make_environ(path, **more)
        response = WsgiApp(app, root_path)(environ, start_response)
        with closing(response):
            result.body = b"".join(response)
        result.handled = response.handled
        result.tasks = response.tasks()
        return result

    def client(
        self, app: Any, root_path: str = "", script_name: str = ""
    ) -> httpx.Client:
        """Return a client of ``app``, which is closed after the test."""
        return self.enterContext(
            httpx.Client(
                transport=httpx.WSGITransport(
                    app=WsgiApp(app, root_path),
                    raise_app_exceptions=False,
                    script_name=script_name,
                ),
                base_url="http://odoo.example",
            )
        )

    def in_threads(
        self, calls: Iterable[Callable[[], Any]], timeout: float = TIMEOUT
    ) -> list[Any]:
        """Run calls at the same time, each on its own thread; return their results."""
        calls = list(calls)
        with ThreadPoolExecutor(len(calls)) as pool:
            futures = [pool.submit(call) for call in calls]
            return [future.result(timeout) for future in futures]
