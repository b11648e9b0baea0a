# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Stores the body of a request, so that each replay of the request can read it again.

It is read from the socket before the app starts. So the app does not start if the body
is too large, broken or incomplete, and the event loop never waits for a client.
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

__all__ = ["MEMORY_SIZE", "RequestBody"]

#: Bytes above which a body is stored in a temporary file.
MEMORY_SIZE = 1024 * 1024
#: Bytes to read at once.
CHUNK_SIZE = 64 * 1024


class RequestBody:
    """A request body that can be read several times.

    :param stream: stream that ends after the body, like those of ``werkzeug``; None for
        an empty body
    :param max_size: bytes, None for no limit; werkzeug before 2.3 does not check the
        size of a chunked body
    :param is_small: whether the body is known to fit into memory
    :raises NoRoomError: the disk is full
    :raises starlette.exceptions.HTTPException: 400, the body is incomplete; 413, it is
        larger than ``max_size``
    """

    def __init__(
        self,
        stream: IO[bytes] | None = None,
        max_size: int | None = None,
        is_small: bool = False,
    ) -> None:
        # a spooled file that stays empty takes 0.5 % of the instructions of a request
        self._file: IO[bytes] = (
            io.BytesIO()
            if is_small or stream is None
            else SpooledTemporaryFile(max_size=MEMORY_SIZE)
        )
        self.size = 0  # bytes
        if stream is not None:
            self._store(stream, max_size)

    def _store(self, stream: IO[bytes], max_size: int | None) -> None:
        read = _reader(stream)
        left = float("inf") if max_size is None else max_size
        try:
            # read what is left, or one byte to detect a body that is too long: before
            # 3.1, werkzeug's LimitedStream can't fill a part of a memoryview
            while chunk := read(int(min(CHUNK_SIZE, left)) or 1):
                left -= len(chunk)
                if left < 0:
                    raise HTTPException(413, "The body of the request is too large")
                self._write(chunk)
        except BaseException:
            with suppress(OSError):  # closing the file writes again
                self._file.close()
            raise
        self.size = self._file.tell()

    def _write(self, chunk: bytes | memoryview) -> None:
        try:
            self._file.write(chunk)
            self._file.flush()
        except OSError as err:
            raise (NoRoomError.seen_in(err) or err) from err

    def replay(self) -> IO[bytes]:
        """Return the body as a file, positioned at its beginning."""
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Free the memory or the temporary file; a second call does nothing."""
        self._file.close()


def _reader(stream: IO[bytes]) -> Callable[[int], bytes | memoryview]:
    """Return a function that reads up to a number of bytes, at most ``CHUNK_SIZE``."""
    if isinstance(stream, io.RawIOBase):
        return partial(_read_raw, stream, memoryview(bytearray(CHUNK_SIZE)))
    return stream.read


def _read_raw(stream: io.RawIOBase, buffer: memoryview, size: int) -> memoryview:
    """Read into a buffer, and return the filled part.

    ``RawIOBase.read`` is not safe: if a client disconnects within a long chunk,
    ``DechunkedInput`` of werkzeug 3.1 returns a number that is too large. Then Python
    before python/cpython#140607 reads beyond its buffer, or crashes.
    """
    try:
        count = stream.readinto(buffer[:size])
    except (OSError, ValueError) as err:
        raise HTTPException(400, "The body of the request is not complete") from err
    return buffer[:count]
