# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The body of a request, readable as often as the request is tried.

Odoo replays a request whose transaction failed on a concurrent one, but a body comes
off the socket only once. It is read before the app starts, so that what is wrong with
it (too large, client gone, broken chunks) is known before anything ran, and so that
the event loop never waits for a client.
"""

from tempfile import SpooledTemporaryFile
from typing import IO

__all__ = ["RequestBody"]

#: Bytes of a body kept in memory; what is beyond goes to a temporary file.
MEMORY_SIZE = 1024 * 1024
#: Bytes read at once.
CHUNK_SIZE = 64 * 1024


class RequestBody:
    """A body that was read once and can be replayed.

    :param stream: what the client sends; must end by itself (``werkzeug`` takes care
        of ``Content-Length``, chunks and limits), its exceptions are passed on
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._file: IO[bytes] = SpooledTemporaryFile(max_size=MEMORY_SIZE)
        try:
            while chunk := stream.read(CHUNK_SIZE):
                self._file.write(chunk)
        except BaseException:
            self._file.close()
            raise
        self.size: int = self._file.tell()  # bytes

    def replay(self) -> IO[bytes]:
        """Return the body as a file, at its beginning."""
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Give back memory and temporary file; more than once does no harm."""
        self._file.close()
