# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=method-required-super
import errno
import io
import os
import resource
import tempfile
import tracemalloc

from odoo.tests import BaseCase

from ..bridge.body import CHUNK_SIZE, MEMORY_SIZE, NoRoomError, RequestBody


class Upload(io.RawIOBase):
    """A stream that is not in memory.

    :param size: bytes
    :param error: raised instead of the end
    :param most: bytes that one ``read`` gives at most
    """

    def __init__(self, size, error=None, most=None):
        self.left = size
        self.error = error
        self.most = most
        self.sizes = []

    def read(self, size=-1):
        self.sizes.append(size)
        if not self.left and self.error:
            raise self.error
        count = min(self.left, size if size >= 0 else self.left)
        if self.most:
            count = min(count, self.most)
        self.left -= count
        return b"x" * count


class TestRequestBody(BaseCase):
    def _body(self, stream):
        body = RequestBody(stream)
        self.addCleanup(body.close)
        return body

    def test_empty_body(self):
        body = self._body(io.BytesIO())
        self.assertEqual(body.size, 0)
        self.assertEqual(body.replay().read(), b"")

    def test_small_body(self):
        body = self._body(io.BytesIO(b"content"))
        self.assertEqual(body.size, 7)
        self.assertEqual(body.replay().read(), b"content")

    def test_body_of_many_chunks(self):
        content = os.urandom(3 * CHUNK_SIZE + 5)
        body = self._body(io.BytesIO(content))
        self.assertEqual(body.size, len(content))
        self.assertEqual(body.replay().read(), content)

    def test_body_of_exactly_one_chunk(self):
        content = os.urandom(CHUNK_SIZE)
        self.assertEqual(self._body(io.BytesIO(content)).replay().read(), content)

    def test_stream_that_gives_less_than_asked_for(self):
        body = self._body(Upload(10_000, most=7))
        self.assertEqual(body.replay().read(), b"x" * 10_000)

    def test_stream_is_never_read_at_once(self):
        upload = Upload(5 * CHUNK_SIZE)
        self._body(upload)
        self.assertEqual(set(upload.sizes), {CHUNK_SIZE})

    def test_replay_starts_at_the_beginning(self):
        body = self._body(io.BytesIO(b"content"))
        self.assertEqual(body.replay().read(3), b"con")
        self.assertEqual(body.replay().read(), b"content")
        self.assertEqual(body.replay().read(), b"content")

    def test_small_body_is_kept_in_memory(self):
        body = self._body(Upload(MEMORY_SIZE))
        self.assertIsNone(body.replay().name)

    def test_large_body_is_kept_in_a_file(self):
        body = self._body(Upload(MEMORY_SIZE + 1))
        self.assertIsNotNone(body.replay().name)
        self.assertEqual(body.size, MEMORY_SIZE + 1)

    def test_large_body_takes_no_memory(self):
        tracemalloc.start()
        try:
            self._body(Upload(20 * MEMORY_SIZE))
            _current, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        self.assertLess(peak, 4 * MEMORY_SIZE)

    def test_large_body_is_replayed(self):
        content = os.urandom(MEMORY_SIZE + CHUNK_SIZE + 1)
        body = self._body(io.BytesIO(content))
        for _attempt in range(2):
            self.assertEqual(body.replay().read(), content)

    def test_error_of_the_stream_is_passed_on(self):
        error = ConnectionResetError("client gone")
        with self.assertRaises(ConnectionResetError) as catcher:
            RequestBody(Upload(MEMORY_SIZE + 1, error=error))
        self.assertIs(catcher.exception, error)

    def test_error_of_the_stream_leaves_no_file(self):
        before = len(os.listdir("/dev/fd"))
        errors = []
        for _attempt in range(10):
            try:
                RequestBody(Upload(MEMORY_SIZE + 1, error=ValueError()))
            except ValueError as err:
                errors.append(err)  # and with it the frames that hold the file
        self.assertEqual(len(errors), 10)
        self.assertLess(len(os.listdir("/dev/fd")), before + 10)

    def test_close_frees_the_file(self):
        body = RequestBody(Upload(MEMORY_SIZE + 1))
        descriptor = body.replay().fileno()
        body.close()
        with self.assertRaises(OSError):
            os.fstat(descriptor)

    def test_close_twice(self):
        body = RequestBody(io.BytesIO(b"content"))
        body.close()
        body.close()
        with self.assertRaises(ValueError):
            body.replay()

    def test_body_that_the_disk_has_no_room_for(self):
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (MEMORY_SIZE, limits[1]))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_FSIZE, limits)
        before = len(os.listdir("/dev/fd"))
        with self.assertRaises(NoRoomError) as catcher:
            RequestBody(Upload(MEMORY_SIZE + 1))
        self.assertEqual(catcher.exception.status_code, 507)
        self.assertIn(os.strerror(errno.EFBIG), str(catcher.exception))
        self.assertIn(tempfile.gettempdir(), str(catcher.exception))
        self.assertEqual(len(os.listdir("/dev/fd")), before)

    def test_other_error_of_the_file_is_no_lack_of_room(self):
        self.assertIsNone(NoRoomError.seen_in(OSError(errno.EIO, "broken")))
        self.assertIsNone(NoRoomError.seen_in(ValueError()))
        self.assertIsNone(NoRoomError.seen_in(None))
