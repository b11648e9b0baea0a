# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""One message of a client: the inner request that it becomes, and its response."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_REQUEST
from starlette._utils import is_async_callable
from starlette.datastructures import Headers

from odoo.addons.fastapi.app.error_log import log_error
from odoo.addons.fastapi.bridge import IDENTIFICATION_KEY, InnerRequest, get_state
from odoo.addons.fastapi.exceptions import StreamCut

from ..tools import ArgumentError, RouteCall, ToolRequest, ToolSet
from .access import get_scopes
from .authorization import MCP_PATH, ProtectedResource, get_base_url
from .headers import (
    get_implied_key,
    make_request_headers,
    merge_response_headers,
)
from .identification import Visible
from .messages import ClientMessage, parse_message
from .progress import ProgressEvents
from .quiet import loud, quiet
from .texts import describe_error, get_charset, get_media_type, is_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcp.server.lowlevel import Server
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from odoo.addons.fastapi.bridge.inner_request import TakeChunk
    from odoo.addons.fastapi.bridge.request_errors import RequestErrors

__all__ = ["CALL_KEY", "McpCall", "Offer", "RolledBack"]

#: Key of the :class:`McpCall` in the ASGI scope that the SDK gets.
CALL_KEY = "odoo.fastapi_mcp_server.call"


class RolledBack(Exception):
    """Rolls the request back, because the client gets an error."""

    #: Observers don't count it as an error, see ``fastapi.observers``.
    is_error = False


@dataclass(frozen=True)
class Offer:
    """What an MCP server offers.

    :param tools: its tools, resources and prompts
    :param server: the SDK's server, with the handlers
    :param max_result: bytes of the longest text of a result
    :param root_path: root path of the endpoint
    :param protected_resource: where clients get a token, None if no server issues
        tokens
    """

    tools: ToolSet
    server: Server[Any]
    max_result: int
    root_path: str
    protected_resource: ProtectedResource | None

    async def respond(
        self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, body: bytes
    ) -> None:
        """Respond to a message: see :class:`McpCall`."""
        await McpCall(self, app, scope, receive, send, body).run()


class McpCall:
    """One message of a client, in one HTTP request.

    :param offer: what the MCP server offers
    :param app: the app below the middleware
    :param scope: ASGI scope of the client's request
    :param receive: of the client's request, after its body
    :param body: of the client's request
    """

    def __init__(
        self,
        offer: Offer,
        app: ASGIApp,
        scope: Scope,
        receive: Receive,
        send: Send,
        body: bytes,
    ) -> None:
        self.offer = offer
        self.visible = Visible(offer.tools)
        self.message: ClientMessage = parse_message(body) or ClientMessage()
        #: The tool, resource or prompt that the client calls, None if there is none.
        self.target: RouteCall | None = None
        #: What is wrong with the arguments of the call.
        self.argument_error = ""
        #: The request for the call, None if there can't be one.
        self._request: ToolRequest | None = None
        self._inner: InnerRequest | None = None
        #: Whether the client gets the status of the inner response, an error.
        self._is_refused = False
        self._app = app
        self._scope = scope
        self._receive = receive
        self._send_out = send
        self._body = body
        self._progress: ProgressEvents | None = None

    @property
    def _errors(self) -> RequestErrors:
        state = get_state(self._scope)
        assert state is not None
        assert state.errors is not None
        return state.errors

    async def run(self) -> None:
        """Respond to the message."""
        self._find_target()
        if self._request is None:
            await self._identify()
            if self._is_refused:
                await self._refuse()
                return
        sent = False

        async def receive() -> Message:
            nonlocal sent
            if sent:
                return await self._receive()
            sent = True
            return {"type": "http.request", "body": self._body, "more_body": False}

        with quiet():
            manager = StreamableHTTPSessionManager(
                self.offer.server,
                json_response=True,
                stateless=True,
                max_request_body_size=sys.maxsize,  # Odoo has a limit
            )
            async with manager.run():
                scope = {**self._scope, CALL_KEY: self}
                await manager.handle_request(scope, receive, self._send)

    def _find_target(self) -> None:
        message, tools = self.message, self.offer.tools
        if message.id is None:
            return
        arguments: Mapping[str, Any] | None = message.arguments
        name = message.get_text("name") or ""
        if message.method == "tools/call":
            self.target = tools.tools.get(name)
        elif message.method == "prompts/get":
            self.target = tools.prompts.get(name)
        elif message.method == "resources/read":
            found = tools.find_resource(message.get_text("uri") or "")
            if found is not None:
                self.target, arguments = found
        if self.target is not None and arguments is not None:
            try:
                self._request = self.target.make_request(arguments)
            except ArgumentError as err:
                self.argument_error = str(err)

    async def _identify(self) -> None:
        """Send a request to the hidden route, which finds out who calls."""
        request = ToolRequest(
            method="POST",
            path=MCP_PATH,
            query_string=self._scope["query_string"],
            headers=[],
            body=b"",
        )
        inner = await self._run_inner(request, None)
        self._is_refused = inner.status >= 400 or not inner.complete

    async def call_target(self) -> InnerRequest | None:
        """Send a request to the route that the client calls.

        :return: the request, with its response; None if the client's request is
            replayed, so that the client does not get this result
        :raises MCPError: the client has to authenticate
        """
        assert self._request is not None
        inner = await self._run_inner(self._request, self.target)
        errors = self._errors
        if errors.is_replayed:
            return None
        if inner.status == 401 or self._lacks_scope(inner):
            self._is_refused = True
            raise MCPError(INVALID_REQUEST, describe_error(inner, self.target))
        if inner.status >= 400 or not inner.complete:
            self.roll_back()
        return inner

    def _lacks_scope(self, inner: InnerRequest) -> bool:
        """Return whether the client can get a token with more scopes."""
        resource, state = self.offer.protected_resource, get_state(self._scope)
        return (
            resource is not None
            and state is not None
            and state.caller is not None
            and resource.must_log_in(inner.status, inner.headers, state.caller)
        )

    def roll_back(self) -> None:
        """Roll the request back, unless an exception already does that."""
        errors = self._errors
        if errors.exception is None:
            errors.record(RolledBack("An agent is told that the call has failed."))

    def fail(self, exc: Exception) -> None:
        """Roll the request back because of an unexpected exception, and log it."""
        self._errors.record(exc)
        log_error(exc, self._scope)

    async def _run_inner(
        self, request: ToolRequest, target: RouteCall | None
    ) -> InnerRequest:
        headers = self._scope["headers"]
        implied_key = get_implied_key(headers, self.message, request, target)
        scope = {
            **self._scope,
            "state": dict(self._scope.get("state") or {}),
            "method": request.method,
            "path": self._scope["root_path"] + request.path,
            "query_string": request.query_string,
            "headers": make_request_headers(headers, self.message, request, target),
        }
        if target is None:
            scope[IDENTIFICATION_KEY] = self.visible
        take: TakeChunk = self._check_client
        token = self.message.progress_token
        if target is not None and target.streams and token is not None:
            take = self._take_progress
        user_agent = Headers(raw=headers).get("user-agent", "")
        self._inner = inner = InnerRequest(
            scope,
            request.body,
            agent=self.message.get_agent(user_agent),
            take=take,
            keep=self.offer.max_result + 1,
            has_implied_key=implied_key is not None,
        )
        with loud():
            if target is not None and (
                target.streams or is_async_callable(target.route.endpoint)
            ):
                await self._run_until_disconnect(inner)
            else:
                await inner.run(self._app, self._receive)
        return inner

    async def _run_until_disconnect(self, inner: InnerRequest) -> None:
        """Run an inner request, and cancel it when the client disconnects.

        Clients cancel a call by disconnecting.
        """
        gone = False

        async def watch() -> None:
            nonlocal gone
            while (await self._receive())["type"] != "http.disconnect":
                pass
            gone = True
            group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            group.start_soon(watch)
            await inner.run(self._app, self._receive)
            group.cancel_scope.cancel()
        if gone and not inner.complete and self._errors.exception is None:
            self._errors.record(StreamCut("The client has cancelled the call."))

    async def _take_progress(self, chunk: bytes) -> None:
        """Send a chunk of a text as progress. A file is only sent as the result."""
        inner, token = self._inner, self.message.progress_token
        assert inner is not None
        assert token is not None
        if not is_text(get_media_type(inner)):
            await self._check_client(chunk)
            return
        if self._progress is None:
            self._progress = ProgressEvents(
                self._send_merged, token, get_charset(inner)
            )
        await self._progress.take(chunk)

    async def _check_client(self, _chunk: bytes) -> None:
        """End a stream whose client has disconnected.

        Nothing is sent before its end, so this would not be noticed otherwise.

        :raises StreamCut: the client has disconnected
        """
        with anyio.CancelScope() as scope:
            scope.cancel()  # only look
            await self._receive()
            raise StreamCut("The client has disconnected.")

    async def _refuse(self) -> None:
        """Send the error of the hidden route as a JSON-RPC error."""
        inner = self._inner
        assert inner is not None
        if self._errors.is_replayed:
            return
        error = {"code": INVALID_REQUEST, "message": describe_error(inner)}
        content = {"jsonrpc": "2.0", "id": self.message.id, "error": error}
        await self._send(
            {
                "type": "http.response.start",
                "status": inner.status or 500,
                "headers": [(b"content-type", b"application/json")],
            }
        )
        body = json.dumps(content).encode()
        await self._send({"type": "http.response.body", "body": body})

    async def _send(self, message: Message) -> None:
        if self._progress is not None:
            await self._progress.finish(message)
        else:
            await self._send_merged(message)

    async def _send_merged(self, message: Message) -> None:
        """Send a message to the client, with headers of the inner response."""
        inner = self._inner
        if message["type"] == "http.response.start" and message["status"] >= 500:
            self.roll_back()  # a result that the SDK can't send
        if message["type"] == "http.response.start" and inner is not None:
            headers = merge_response_headers(
                message.get("headers", ()), inner.headers, self._is_refused
            )
            status = message["status"]
            if self._is_refused and inner.status:
                status = inner.status
                headers = self._add_challenge(status, headers)
            message = {**message, "status": status, "headers": headers}
        await self._send_out(message)

    def _add_challenge(
        self, status: int, headers: list[tuple[bytes, bytes]]
    ) -> list[tuple[bytes, bytes]]:
        """Tell a client that has to authenticate where to get a token."""
        resource, inner = self.offer.protected_resource, self._inner
        if resource is None or inner is None:
            return headers
        if status != 401 and not self._lacks_scope(inner):
            return headers
        base_url = get_base_url(self._scope, self.offer.root_path)
        scopes = None if self.target is None else get_scopes(self.target)
        return resource.challenge(headers, base_url, scopes)
