# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=method-required-super
"""WebSockets through the bridge, with Odoo's request handler and real clients."""

import json
import os
import socket
import struct
import threading
from functools import partial

import websocket
from werkzeug.serving import make_server
from werkzeug.wsgi import ClosingIterator

from odoo.service.server import RequestHandler

from ..app.prepare import EndpointFastAPI
from ..bridge import WsgiApp
from ..bridge.websocket import WebSocketLimits
from .bridge_case import TIMEOUT, BridgeCase, make_environ

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
#: Keys of the environ of a handshake.
HANDSHAKE = {
    "HTTP_UPGRADE": "websocket",
    "HTTP_CONNECTION": "Upgrade",
    "HTTP_SEC_WEBSOCKET_VERSION": "13",
    "HTTP_SEC_WEBSOCKET_KEY": KEY,
}
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Handler(RequestHandler):
    """Odoo's request handler, without its log."""

    def log(self, *_args):
        """Log nothing."""


def frame(opcode, payload=b"", fin=True, masked=True, reserved=0):
    """Return the bytes of a frame of a client."""
    head = bytes([fin << 7 | reserved << 4 | opcode])
    mask = masked << 7
    if len(payload) < 126:
        head += bytes([mask | len(payload)])
    elif len(payload) < 65536:
        head += bytes([mask | 126]) + struct.pack("!H", len(payload))
    else:
        head += bytes([mask | 127]) + struct.pack("!Q", len(payload))
    if not masked:
        return head + payload
    key = os.urandom(4)
    mask = int.from_bytes((key * (len(payload) // 4 + 1))[: len(payload)], "big")
    masked_payload = int.from_bytes(payload, "big") ^ mask
    return head + key + masked_payload.to_bytes(len(payload), "big")


class RawClient:
    """A client that sends and receives bytes."""

    def __init__(self, address, path="/", first=b"", headers=""):
        self.socket = socket.create_connection(address, timeout=TIMEOUT)
        self.file = self.socket.makefile("rb")
        handshake = (
            f"GET {path} HTTP/1.1\r\nHost: odoo.example\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n{headers}"
            f"Sec-WebSocket-Key: {KEY}\r\n\r\n"
        )
        self.socket.sendall(handshake.encode() + first)
        self.status = self.file.readline().decode().strip()
        self.headers = []
        while line := self.file.readline().strip():
            self.headers.append(line.decode().split(": ", 1))

    def send(self, *args, **kwargs):
        self.socket.sendall(frame(*args, **kwargs))

    def read(self):
        """Return opcode and payload of the next frame; None at the end."""
        head = self.file.read(2)
        if not head:
            return None
        size = head[1]
        if size == 126:
            (size,) = struct.unpack("!H", self.file.read(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self.file.read(8))
        return head[0] & 15, self.file.read(size)

    def read_close(self):
        """Return code and reason of the close frame, the next frame."""
        opcode, payload = self.read()
        assert opcode == CLOSE, (opcode, payload)
        return struct.unpack("!H", payload[:2])[0], payload[2:].decode()

    def close(self):
        self.file.close()
        self.socket.close()


def app_with(handler, path="/"):
    """Return an app with one route, as endpoints have it."""
    app = EndpointFastAPI()
    app.websocket(path)(handler)
    return app


class WebSocketCase(BridgeCase):
    def start(self, app, **limits):
        """Serve an app, and return the address.

        Appends each exchange to ``exchanges``, and sets its ``ended`` when it is over.
        """
        self.exchanges = []
        application = partial(self._application, app, WebSocketLimits(**limits))
        server = make_server(
            "127.0.0.1", 0, application, threaded=True, request_handler=Handler
        )
        server.daemon_threads = True
        thread = threading.Thread(
            target=server.serve_forever, args=(0.02,), daemon=True
        )
        thread.start()

        def stop():
            server.shutdown()
            server.server_close()
            thread.join()

        self.addCleanup(stop)
        return server.server_address

    def _application(self, app, limits, environ, start_response):
        exchange = WsgiApp(app, name="API").connect(environ, limits)
        sock = environ["socket"]
        if exchange.accepted:
            exchange.ended = threading.Event()
            exchange.on_end = exchange.ended.set
            self.exchanges.append(exchange)
            start_response("101 Switching Protocols", exchange.handshake_headers())
            serve = partial(exchange.serve, sock, environ["wsgi.input"])
            return ClosingIterator([], serve)
        start_response(f"{exchange.status} Refused", exchange.headers)
        # the request handler drops the body
        return ClosingIterator([], partial(sock.sendall, exchange.body))

    def open(self, app, path="/", limits=None, **options):
        """Serve an app, and return a connected client."""
        host, port = self.start(app, **(limits or {}))
        client = websocket.create_connection(
            f"ws://{host}:{port}{path}", timeout=TIMEOUT, **options
        )
        self.addCleanup(client.shutdown)
        return client

    def open_raw(self, app, path="/", limits=None, **options):
        """Serve an app, and return a connected client that sends bytes."""
        client = RawClient(self.start(app, **(limits or {})), path, **options)
        self.addCleanup(client.close)
        return client

    def get_protocol(self):
        """Return the protocol of the last connection."""
        (*_others, exchange) = self.wait_for(lambda: self.exchanges)
        connection = self.wait_for(lambda: exchange._connection)
        return self.wait_for(lambda: connection.protocol)

    def wait_for_end(self):
        """Wait until the last connection is over, and return it."""
        exchange = self.exchanges[-1]
        self.assertTrue(exchange.ended.wait(TIMEOUT))
        return exchange

    def socket_pair(self):
        """Return both ends of a TCP connection, the server's first."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            client = socket.create_connection(listener.getsockname(), TIMEOUT)
            server, _address = listener.accept()
        return server, client

    def connect(self, app, path="/", root_path="", limits=None, **environ):
        """Run the handshake without a server, and return the exchange."""
        exchange = WsgiApp(app, root_path, name="API").connect(
            make_environ(path, **HANDSHAKE, **environ), limits or WebSocketLimits()
        )
        self.addCleanup(exchange.abort)
        return exchange

    def refuse(self, app, path="/x", **more):
        """Return the exchange of a refused handshake, and its body."""
        exchange = self.connect(app, path, **more)
        self.assertFalse(exchange.accepted)
        self.assertTrue(exchange.handled)
        self.assertIn("application/json", dict(exchange.headers).values())
        return exchange, json.loads(exchange.body)
