# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Stores the response to a request with a key, or sends the stored one.

::

    FastApiDispatcher._serve
    +-> dispatch             overrides of other addons
        +-> dispatch         here
            +-> the app
                +-> KeyDependency    claim_key: the request is carried out, or waits,
                                     or raises StoredResponse
            (StoredResponse: roll back, and return the stored response; for a tool call,
            inner.InnerResponses has put it into the app's response)
    FastApiDispatcher.post_dispatch
    +-> _store_response      what the client gets: after middleware and overrides
    (commit: both the work and its response, or neither)
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from fastapi import HTTPException

from odoo.http import _dispatchers

from odoo.addons.fastapi.bridge import forget_tracebacks
from odoo.addons.fastapi.system_parameters import get_number

from .inner import decode_headers
from .keys import HEADER, fingerprint, fingerprint_inner
from .responses import StoredResponse, dump_headers
from .store import KeyedRequest, claim

if TYPE_CHECKING:
    from odoo.http import Response

    from odoo.addons.fastapi.bridge import InnerRequest
    from odoo.addons.fastapi.fastapi_dispatcher import FastApiDispatcher as Base

    from .dependencies import KeySettings
    from .store import Claim
else:
    Base = _dispatchers["fastapi"]

__all__ = ["DEFAULT_MAX_BODY", "DEFAULT_WAIT", "MAX_BODY_PARAM", "WAIT_PARAM"]

#: System parameter: seconds that a request waits for another one with its key.
WAIT_PARAM = "fastapi_limits.idempotency_wait"
DEFAULT_WAIT = 10
#: System parameter: bytes of the largest body of a response to store.
MAX_BODY_PARAM = "fastapi_limits.idempotency_max_body"
DEFAULT_MAX_BODY = 1024 * 1024


class IdempotencyDispatcher(Base):
    """The dispatcher of all databases; it only acts on requests with a key."""

    routing_type = "fastapi"

    #: The row of the request, if it has a key and is carried out.
    _claim: Claim | None = None
    #: The inner request of a tool call, which has the key instead of Odoo's request.
    _inner: InnerRequest | None = None
    #: The response that its key already has.
    _stored: StoredResponse | None = None
    #: The body of the request.
    _input: IO[bytes]
    #: See ``keys.fingerprint``; replays of the request have the same one.
    _fingerprint: str | None = None

    def _get_environ(self) -> dict[str, Any]:
        environ = super()._get_environ()
        self._input = environ["wsgi.input"]
        return environ

    def _serve(self, endpoint: Any, args: dict[str, Any]) -> Response:
        try:
            return super()._serve(endpoint, args)
        except BaseException:
            self._end_claim()  # an override of dispatch may have raised
            raise

    def dispatch(self, endpoint: Any, args: dict[str, Any]) -> Response:
        # an override of post_dispatch may have raised in the attempt before
        self._end_claim()
        self._inner = self._stored = None
        try:
            response = super().dispatch(endpoint, args)
        except Exception:
            self._end_claim()
            # the response to a tool call already contains the stored one
            if self._stored is None or self._inner is not None:
                raise
        # the app may have replaced the exception, or returned a response to it
        if self._stored is not None:
            if self._inner is None:
                return self._respond_again(self._stored)
            self.request.env.cr.rollback()
        return response

    # pylint: disable-next=missing-return  # Odoo ignores it
    def post_dispatch(self, response: Response) -> None:
        claimed, self._claim = self._claim, None
        if claimed is not None:
            try:
                self._store_response(claimed, response)
            except BaseException:
                claimed.end()
                self._close_cycle()
                raise
        super().post_dispatch(response)

    def _end_claim(self) -> None:
        """Give up the row of an attempt that has failed, if there is one."""
        claimed, self._claim = self._claim, None
        if claimed is not None:
            claimed.end()

    @property
    def stored_response(self) -> StoredResponse | None:
        """The response that the key of the request already has."""
        return self._stored

    def claim_key(
        self,
        settings: KeySettings,
        key: str,
        caller: str,
        inner: InnerRequest | None = None,
    ) -> None:
        """Let the request be carried out, or raise the response that its key has.

        :param inner: inner request of a tool call, which has the key instead of Odoo's
            request
        :raises Exception: see ``store.claim``
        """
        self._inner = inner
        httprequest = self.request.httprequest
        method, path = httprequest.method, httprequest.path
        if inner is not None:
            method, path = inner.scope["method"], inner.scope["path"]
        if self._fingerprint is None:
            self._fingerprint = (
                fingerprint(
                    method,
                    path,
                    httprequest.environ.get("QUERY_STRING", ""),
                    httprequest.environ.get("CONTENT_TYPE", ""),
                    self._input,
                )
                if inner is None
                else fingerprint_inner(inner)
            )
        request = KeyedRequest(
            endpoint_id=settings.endpoint_id,
            key=key,
            caller=caller,
            method=method,
            path=path,
            fingerprint=self._fingerprint,
            hours=settings.hours,
        )
        try:
            self._claim = claim(self.request.env.cr, request, self._get_wait)
        except StoredResponse as exc:
            self._stored = exc
            raise

    def _get_wait(self) -> float:
        """Return the seconds to wait for another request with the key."""
        return get_number(self.request.env, WAIT_PARAM, DEFAULT_WAIT)

    def _store_response(self, claimed: Claim, response: Response) -> None:
        """Store a response, before the request is committed.

        A response that can't be stored is dropped if the client has not sent the key.

        :raises HTTPException: 400, it can't be stored; the request is rolled back
        """
        inner = self._inner
        is_implied = inner is not None and inner.has_implied_key
        if (
            (self._cycle is not None and self._cycle.stream)
            or response.is_streamed
            or (inner is not None and inner.streaming)
        ):
            if is_implied:
                claimed.drop()
                return
            raise HTTPException(
                400,
                f"With an {HEADER} this request is not carried out: its response is a "
                "stream, which can't be kept for a repetition. Send it without the "
                "header.",
            )
        if inner is None:
            status, body = response.status_code, response.get_data()
            headers = response.headers.to_wsgi_list()
        else:
            status, body = inner.status, inner.content
            headers = decode_headers(inner.headers)
        max_size = int(get_number(self.request.env, MAX_BODY_PARAM, DEFAULT_MAX_BODY))
        if len(body) > max_size:
            if is_implied:
                claimed.drop()
                return
            raise HTTPException(
                400,
                f"With an {HEADER} this request is not carried out: its response has "
                f"{len(body)} bytes, and at most {max_size} are kept for a "
                "repetition. Send it without the header.",
            )
        claimed.store(status, dump_headers(headers), body)

    def _respond_again(self, exc: StoredResponse) -> Response:
        """Return the stored response, with current headers of the app's middleware."""
        self._close_cycle()  # a stream that the app has returned instead
        self.request.env.cr.rollback()
        self.status = str(exc.status_code)
        self.headers = exc.make_headers(self.headers)
        forget_tracebacks(exc)
        return self._build_response([exc.stored_body])
