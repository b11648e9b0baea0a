# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Frames and messages of a WebSocket on the shared loop (RFC 6455), with ``wsproto``.

The app may be slower than its client: if ``WebSocketLimits.queue`` messages wait, the
socket is not read. The client may be slower than the app: ``send`` waits while the
buffer of the transport is full. A client is cut off if it reads nothing of a full
buffer, or answers no ping, see :class:`WebSocketLimits`.

Messages are not compressed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextvars import Context
from dataclasses import dataclass
from io import BytesIO, StringIO
from itertools import count
from typing import TYPE_CHECKING, Any

from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage

from .servers import Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsproto.events import Event

__all__ = ["ClientDisconnected", "WebSocketLimits", "WebSocketProtocol", "check_code"]

#: Messages to all clients after which others may use the loop. A turn of the loop for
#: each message takes a quarter of the time to send it.
BURST = 16
_sends = count(1)

#: The last text to any client, with its frame.
_last_text: tuple[str | None, bytes] = None, b""
#: Most characters of a text that is kept after it was sent.
MAX_KEPT = 64 * 1024

#: Close codes (RFC 6455, 7.4.1).
ABNORMAL, TOO_BIG = 1006, 1009
#: Close codes that may be sent: those of the RFC and of IANA's registry for a server,
#: and those of libraries and applications.
CLOSE_CODES = frozenset(
    [1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)]
)
#: Most frames to read in one turn of the loop, which other connections share.
MAX_FRAMES = 64


@dataclass(frozen=True)
class WebSocketLimits:
    """Limits of a connection.

    A client that reads nothing for ``ping_interval + ping_timeout`` seconds, although
    messages wait for it, is cut off.

    :param max_size: bytes of a message of the client; a longer one closes with 1009
    :param queue: messages that wait for the app before the socket is not read
    :param ping_interval: seconds without data from the client before a ping is sent
    :param ping_timeout: seconds to answer a ping
    :param close_timeout: seconds to answer a close frame
    """

    max_size: int = 1024 * 1024
    queue: int = 16
    ping_interval: float = 20
    ping_timeout: float = 20
    close_timeout: float = 5


class ClientDisconnected(OSError):
    """The connection is closed (ASGI 2.4: an ``OSError``)."""


def check_code(code: int) -> None:
    """Refuse a close code that must not be sent.

    :raises ValueError: RFC 6455 reserves it
    """
    if code not in CLOSE_CODES:
        raise ValueError(f"{code} is not a close code that a server may send.")


class WebSocketProtocol(asyncio.Protocol):
    """One connection, for ``asyncio``'s transports.

    :param limits: limits of the connection
    :param data: bytes that the server has already read from the socket
    :param on_disconnect: called once, when the connection is closing
    """

    _transport: Any = None  # asyncio.Transport
    _timer: asyncio.TimerHandle | None = None
    #: Whether nothing more from the client counts.
    _deaf = False
    #: Whether the socket is not read, because what it has sent must be handled first.
    _paused = False
    #: Payload of a ping that is to be answered when the client reads again.
    _ping: bytes | None = None
    #: When the last ping was sent, and when the client was last heard.
    _pinged = _heard = 0.0
    #: When the transport last sent something of a full buffer, and how many bytes all
    #: in all.
    _progress, _sent = 0.0, 0
    _written = 0
    #: The incomplete message, and its size in bytes.
    _part: Any = None  # StringIO or BytesIO
    _size = 0
    #: The ``websocket.disconnect`` message, when the connection is closing.
    disconnect: dict[str, Any] | None = None

    def __init__(
        self, limits: WebSocketLimits, data: bytes, on_disconnect: Callable[[], None]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._limits = limits
        self._data = data
        self._on_disconnect = on_disconnect
        self._frames = Connection(ConnectionType.SERVER)
        self._incoming: deque[dict[str, Any]] = deque()
        self._arrived = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        #: Set when the socket is closed.
        self.over = asyncio.Event()

    # the app's side

    async def receive(self) -> dict[str, Any]:
        """Wait for a message. That of the disconnect is the last, and comes again."""
        while not self._incoming:
            if self.disconnect is not None:
                return dict(self.disconnect)
            self._arrived.clear()
            await self._arrived.wait()
        message = self._incoming.popleft()
        if self._paused:
            self._read_frames()
        return message

    async def send(self, data: str | bytes) -> None:
        """Send a message; wait while the client does not read.

        :raises ClientDisconnected: the connection is closing
        """
        while self.disconnect is None and not self._writable.is_set():
            await self._writable.wait()
        # a transport that has failed tells it only in the next turn of the loop
        if self.disconnect is not None or self._transport.is_closing():
            raise ClientDisconnected("The client has disconnected.")
        if isinstance(data, str):
            self._write_text(data)
        else:
            self._write(BytesMessage(data))
        if next(_sends) % BURST == 0:
            # let others go on, even if an app never waits
            await asyncio.sleep(0)

    def close(self, code: int, reason: str = "") -> None:
        """Send a close frame; nothing that the client sends from now on counts.

        :param code: one that :func:`check_code` accepts
        :param reason: for the client; cut to the 123 bytes that a frame can hold
        """
        if self.disconnect is not None:
            return
        self._incoming.clear()
        self._part = None
        self._write(CloseConnection(code, reason))
        self._end(code, reason)
        if self._paused:  # the client's close frame comes after what waits
            self._paused = False
            self._transport.resume_reading()
            self._read_frames()

    # asyncio's side

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._client = Client({"socket": transport.get_extra_info("socket")})
        self._heard = self._loop.time()
        self._timer = self._call_later(self._limits.ping_interval, self._check)
        data, self._data = self._data, b""
        if data:
            self.data_received(data)

    def data_received(self, data: bytes) -> None:
        self._heard = self._loop.time()
        if not self._deaf:
            self._frames.receive_data(data)
            self._read_frames()

    def pause_writing(self) -> None:
        self._writable.clear()
        self._progress = self._loop.time()

    def resume_writing(self) -> None:
        self._writable.set()
        if self._ping is not None and self.disconnect is None:
            payload, self._ping = self._ping, None
            self._write(Ping(payload).response())

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(ABNORMAL, "")
        self._stop_timer()
        self.over.set()

    # frames

    def _read_frames(self) -> None:
        """Read frames until the queue is full or there is no complete one."""
        if self._deaf:
            return
        for number, event in enumerate(self._frames.events(), 1):
            if isinstance(event, CloseConnection):
                self._read_close(event)
            elif self.disconnect is not None:
                continue
            elif isinstance(event, Ping):
                if self._writable.is_set():
                    self._write(event.response())
                else:  # RFC 6455, 5.5.3: only the last one needs a response
                    self._ping = bytes(event.payload)
            elif isinstance(event, TextMessage | BytesMessage):
                self._read_message(event)
            if self._deaf:
                return
            full = len(self._incoming) >= self._limits.queue
            if full or number == MAX_FRAMES:
                if not self._paused:
                    self._paused = True
                    self._transport.pause_reading()
                if not full:
                    self._loop.call_soon(self._read_frames)
                return
        if self._paused:
            self._paused = False
            self._transport.resume_reading()

    def _read_message(self, event: TextMessage | BytesMessage) -> None:
        data = event.data
        text = isinstance(data, str)
        if isinstance(data, str) and not data.isascii():
            self._size += len(data.encode())
        else:
            self._size += len(data)
        if self._size > self._limits.max_size:
            reason = f"A message has more than {self._limits.max_size} bytes."
            self._fail(TOO_BIG, reason)
            return
        if not event.message_finished or self._part is not None:
            # not a list: parts may be tiny
            if self._part is None:
                self._part = StringIO() if text else BytesIO()
            self._part.write(data)
        if event.message_finished:
            whole = data
            if self._part is not None:
                whole = self._part.getvalue()
                self._part = None
            self._size = 0
            kind = "text" if text else "bytes"
            self._incoming.append({"type": "websocket.receive", kind: whole})
            self._arrived.set()

    def _read_close(self, event: CloseConnection) -> None:
        """Handle a close frame, or what is no frame at all."""
        state = self._frames.state
        if state is ConnectionState.OPEN:
            self._fail(int(event.code), event.reason or "")
            return
        if state is ConnectionState.REMOTE_CLOSING:
            self._write(event.response())
            self._end(int(event.code), event.reason or "")
        self._deaf = True
        self._transport.close()

    def _fail(self, code: int, reason: str) -> None:
        """Close because of an error of the client.

        The system would reset a connection with data that is not read, and the client
        might not see the close frame. So only this direction is closed, until the
        client closes the other one, or after the timeout.
        """
        self._deaf = True
        self.close(code, reason)
        self._transport.write_eof()

    def _write(self, event: Event) -> None:
        self._write_frame(self._frames.send(event))

    def _write_text(self, text: str) -> None:
        """Write a text; the frame is that of the last text if it is the same.

        An event is often for many clients. Frames of a server have no mask, and there
        are no extensions, so they all get the same bytes. To make them again took an
        eighth of a send.
        """
        global _last_text
        last, frame = _last_text
        if text != last or self._frames.state is not ConnectionState.OPEN:
            frame = self._frames.send(TextMessage(text))  # checks the state
            if len(text) <= MAX_KEPT:
                _last_text = text, frame
        self._write_frame(frame)

    def _write_frame(self, frame: bytes) -> None:
        self._written += len(frame)
        self._transport.write(frame)

    # time

    def _end(self, code: int, reason: str) -> None:
        """Tell the app that the connection is closing, and limit the time it takes."""
        if self.disconnect is not None:
            return
        self.disconnect = {
            "type": "websocket.disconnect",
            "code": code,
            "reason": reason,
        }
        self._arrived.set()
        self._writable.set()
        self._stop_timer()
        if self._transport is not None:
            self._timer = self._call_later(
                self._limits.close_timeout, self._transport.abort
            )
        self._on_disconnect()

    def _call_later(
        self, delay: float, callback: Callable[[], None]
    ) -> asyncio.TimerHandle:
        # Not in the context of the app, which may have sent a message: its timers are
        # cancelled when it ends (``TaskOwner.cancel``).
        return self._loop.call_later(delay, callback, context=Context())

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check(self) -> None:
        """Send a ping to a quiet client, or cut off one that does not respond."""
        limits, now = self._limits, self._loop.time()
        if self._paused:
            self._heard = now  # its pong would not be read
        if not self._writable.is_set():
            sent = self._written - self._transport.get_write_buffer_size()
            if sent != self._sent:
                self._sent, self._progress = sent, now
            until = self._progress + limits.ping_interval + limits.ping_timeout
        elif self._paused:
            # The end of the client would not be read either. If it comes after data for
            # which there is no room, only the reset that answers the ping shows it.
            until = now if self._client.gone() else now + limits.ping_interval
            self._write(Ping())
        elif self._pinged > self._heard:
            until = self._pinged + limits.ping_timeout
        else:
            until = self._heard + limits.ping_interval
            if until <= now:
                self._write(Ping())
                self._pinged = now
                until = now + limits.ping_timeout
        if until <= now:
            self._transport.abort()
        else:
            pause = min(until - now, limits.ping_interval)
            self._timer = self._call_later(pause, self._check)
