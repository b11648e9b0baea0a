# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The body of a request, readable as often as the request is tried.

Odoo replays a request whose transaction failed on a concurrent one, but a body comes
off the socket only once. It is read before the app starts, so that what is wrong with
it (too large, client gone, broken chunks) is known before anything ran, and so that
the event loop never waits for a client.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import IO

from starlette.exceptions import HTTPException

from ..exceptions import NoRoomError

__all__ = ["NoRoomError", "RequestBody"]

#: Bytes of a body kept in memory; what is beyond goes to a temporary file.
MEMORY_SIZE = 1024 * 1024
#: Bytes read at once.
CHUNK_SIZE = 64 * 1024


class RequestBody:
    """A body that was read once and can be replayed.

    :param stream: what the client sends; must end by itself (``werkzeug`` takes care
        of ``Content-Length`` and chunks), its exceptions are passed on
    :param max_size: bytes; None for any number. Versions of werkzeug before 2.3 look at
        the ``Content-Length`` only, which a body in chunks does not have.
    :raises NoRoomError: the temporary file can't take it
    :raises starlette.exceptions.HTTPException: 400, the body ends before its time; 413,
        it is larger than ``max_size``
    """

    def __init__(self, stream: IO[bytes], max_size: int | None = None) -> None:
        self._file: IO[bytes] = SpooledTemporaryFile(max_size=MEMORY_SIZE)
        read = _reader(stream)
        left = float("inf") if max_size is None else max_size
        try:
            # No more than what is left, or one byte to see that there is more: before
            # 3.1, LimitedStream of werkzeug can't fill a part of a memoryview.
            while chunk := read(int(min(CHUNK_SIZE, left)) or 1):
                left -= len(chunk)
                if left < 0:
                    raise HTTPException(413, "The body of the request is too large")
                self._write(chunk)
        except BaseException:
            with suppress(OSError):  # it tries once more to write what is left
                self._file.close()
            raise
        self.size: int = self._file.tell()  # bytes

    def _write(self, chunk: bytes | memoryview) -> None:
        try:
            self._file.write(chunk)
            self._file.flush()
        except OSError as err:
            raise (NoRoomError.seen_in(err) or err) from err

    def replay(self) -> IO[bytes]:
        """Return the body as a file, at its beginning."""
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Give back memory and temporary file; more than once does no harm."""
        self._file.close()


def _reader(stream: IO[bytes]) -> Callable[[int], bytes | memoryview]:
    """Return what reads the next part of a stream, something empty at its end.

    It takes how much to read at most, in bytes, and not above ``CHUNK_SIZE``.
    """
    if isinstance(stream, io.RawIOBase):
        return partial(_read_raw, stream, memoryview(bytearray(CHUNK_SIZE)))
    return stream.read


def _read_raw(stream: io.RawIOBase, buffer: memoryview, size: int) -> memoryview:
    """Read into a buffer, and return as much of it as was filled.

    ``RawIOBase.read`` would do so too, with a buffer that can shrink. It does when a
    client leaves in the middle of a long chunk: ``DechunkedInput`` of werkzeug 3.1 says
    that it is full all the same, and Python before python/cpython#140607 copies what is
    in memory behind it, or crashes. A memoryview can't shrink.
    """
    try:
        count = stream.readinto(buffer[:size])
    except (OSError, ValueError) as err:
        raise HTTPException(400, "The body of the request is not complete") from err
    return buffer[:count]
