# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``MessageRoute``: a WebSocket whose messages are handled like requests.

Most WebSockets only exchange JSON messages. A message route needs one function for
them, and no loop, transaction or validation::

    chat = MessageRoute(router, "/chat", receive=Question, send=Answer)

    @chat.on_message
    def answer(message: Question, env: Annotated[Environment, Depends(odoo_env)]):
        return Answer(text=env["my.model"].answer(message.text))

The route adds two routes of FastAPI to the router, with the same path:

- a WebSocket route, which accepts, and runs on the shared loop;
- an HTTP route, whose handler is the function. It validates messages, resolves the
  dependencies, and documents both schemas. HTTP clients get a 426.

Each message calls the HTTP route, in a transaction of ``tx.run``, with the headers of
the handshake. So it is authenticated again, replayed after a conflict, and rolled back
by an exception. The messages of a connection are handled one after the other.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any, get_args

from fastapi import Depends, HTTPException, WebSocket
from fastapi.dependencies.utils import get_typed_signature
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from .dependencies import transactions
from .message_connection import MESSAGE_KEY, MessageConnection
from .transactions import Transactions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from typing import TypeVar

    from fastapi import APIRouter
    from starlette.requests import Request

    F = TypeVar("F", bound=Callable[..., Any])

__all__ = ["MessageRoute"]


class MessageRoute:
    """A WebSocket route for typed JSON messages.

    The frames are text. What the function returns is sent, unless it is ``None``. After
    an exception, and for invalid input, the client gets a frame like this one, and the
    connection goes on::

        {"error": {"status": 400, "detail": "Return a book first."}}

    ``status`` and ``detail`` are those of an HTTP response. A message whose caller is
    not authenticated any more (401, or a 403 of an ``HTTPException`` or
    ``AccessDenied``) closes the connection with 1008, a binary frame with 1003.

    The dependencies of the router are also resolved when a client connects.

    :param router: router that gets the routes; it should not have another GET route at
        the path
    :param path: path of the routes
    :param receive: type of the client's messages: a model of Pydantic, or a union
    :param send: type of the server's messages; None if there are none
    :param subprotocols: of those that the client offers, the first of these is chosen
    :param name: name of the routes, for ``url_path_for``
    """

    def __init__(
        self,
        router: APIRouter,
        path: str,
        *,
        receive: Any,
        send: Any = None,
        subprotocols: Sequence[str] = (),
        name: str | None = None,
    ) -> None:
        self.receive = receive
        self.send = send
        self.subprotocols = subprotocols
        self._router = router
        self._path = path
        self._name = name
        self._handler: Callable[..., Any] | None = None
        self._events: Callable[..., Any] | None = None
        self._on_connect: Callable[..., Any] | None = None
        self._routes: list[Any] = []
        self._adapter: TypeAdapter[Any] = TypeAdapter(send)

    def on_message(self, handler: F) -> F:
        """Decorate the function that is called with each message.

        Its first parameter is the message. The others are those of a handler of
        FastAPI. It may be async, if it does not use the ORM after an ``await``.

        :raises TypeError: the first parameter is not of the type ``receive``
        """
        if inspect.isgeneratorfunction(handler) or inspect.isasyncgenfunction(handler):
            raise TypeError("on_message returns one message; see events for several.")
        parameters = list(get_typed_signature(handler).parameters.values())
        annotation = parameters[0].annotation if parameters else None
        if annotation != self.receive and get_args(annotation)[:1] != (self.receive,):
            raise TypeError(
                f"The first parameter of {handler.__qualname__} has to be the message, "
                f"of the type {self.receive}."
            )
        self._handler = handler
        self._register()
        return handler

    def events(self, generator: F) -> F:
        """Decorate an async generator function, whose items are sent as well.

        It is called for each connection. Its parameters are dependencies, which are
        resolved when the client connects. It runs on the shared loop, so it reads
        records with ``tx.run``. If it raises an exception, the connection is closed.

        :raises TypeError: it is not an async generator function
        """
        if not inspect.isasyncgenfunction(generator):
            raise TypeError(f"{generator!r} is not an async generator function.")

        def events(**values: Any) -> AsyncIterator[Any]:
            iterator: AsyncIterator[Any] = generator(**values)
            return iterator

        # FastAPI would run a generator function as a dependency with teardown
        events.__signature__ = get_typed_signature(generator)  # type: ignore[attr-defined]
        self._events = events
        self._register()
        return generator

    def on_connect(self, function: F) -> F:
        """Decorate a function that is called when a client connects.

        It is a dependency of FastAPI, in the transaction of the handshake. An exception
        refuses the connection, with the same response as in an HTTP route.
        """
        self._on_connect = function
        self._register()
        return function

    def _register(self) -> None:
        """Add the routes to the router, instead of previous ones."""
        routes = self._router.routes
        routes[:] = [route for route in routes if route not in self._routes]
        if self._handler is None:
            return
        before = len(routes)
        self._router.add_api_route(
            self._path,
            self._handler,
            methods=["GET"],
            name=self._name,
            response_model=type(None) if self.send is None else self.send | None,
            route_class_override=_MessageAPIRoute,
        )
        route: Any = routes[before]
        route.message_route = self
        if route.body_field is None:
            raise TypeError(f"{self.receive} is not a model of Pydantic.")
        self._router.add_api_websocket_route(
            self._path,
            self._get_endpoint(),
            name=self._name or route.name,
            dependencies=[Depends(self._on_connect)] if self._on_connect else None,
        )
        self._routes = routes[before:]

    def _get_endpoint(self) -> Callable[..., Any]:
        """Return the handler of the WebSocket route."""
        tx = Annotated[Transactions, Depends(transactions)]
        if self._events is None:

            async def serve(websocket: WebSocket, tx: Transactions) -> None:
                await MessageConnection(self, websocket, tx).serve(None)

        else:

            async def serve(  # type: ignore[misc]
                websocket: WebSocket, tx: Transactions, events: AsyncIterator[Any]
            ) -> None:
                await MessageConnection(self, websocket, tx).serve(events)

            serve.__annotations__["events"] = Annotated[Any, Depends(self._events)]
        serve.__annotations__ |= {"websocket": WebSocket, "tx": tx}
        return serve

    def dump(self, item: Any) -> str:
        """Validate an item of ``events``, and return it as a frame."""
        message = self._adapter.validate_python(item, from_attributes=True)
        return self._adapter.dump_json(message, by_alias=True).decode()


class _MessageAPIRoute(APIRoute):
    """The route that handles messages, and refuses requests of HTTP."""

    #: The :class:`MessageRoute`.
    message_route: Any = None

    def get_route_handler(self) -> Callable[[Request], Any]:
        handle = super().get_route_handler()

        async def handle_message(request: Request) -> Any:
            if MESSAGE_KEY not in request.scope:
                raise HTTPException(
                    426,
                    "This path serves a WebSocket: connect with ws:// or wss://.",
                    {"Upgrade": "websocket"},
                )
            return await handle(request)

        return handle_message
