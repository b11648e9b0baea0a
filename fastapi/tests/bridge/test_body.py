# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=method-required-super
import errno
import io
import os
import resource
import tempfile
import tracemalloc

from starlette.exceptions import HTTPException
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.serving import DechunkedInput
from werkzeug.wsgi import get_input_stream

from odoo.tests import BaseCase

from ...bridge.body import CHUNK_SIZE, MEMORY_SIZE, RequestBody
from ...exceptions import NoRoomError


class Upload:
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
    def _body(self, *args):
        body = RequestBody(*args)
        self.addCleanup(body.close)
        return body

    def test_empty_body(self):
        body = self._body(io.BytesIO())
        self.assertEqual(body.size, 0)
        self.assertEqual(body.replay().read(), b"")

    def test_no_body(self):
        body = self._body()
        self.assertEqual(body.size, 0)
        for _attempt in range(2):
            self.assertEqual(body.replay().read(), b"")

    def test_body_that_is_known_to_be_small(self):
        body = RequestBody(Upload(3 * CHUNK_SIZE + 5), 4 * CHUNK_SIZE, is_small=True)
        self.addCleanup(body.close)
        self.assertEqual(body.size, 3 * CHUNK_SIZE + 5)
        self.assertIsInstance(body.replay(), io.BytesIO)
        for _attempt in range(2):
            self.assertEqual(body.replay().read(), b"x" * (3 * CHUNK_SIZE + 5))
        with self.assertRaises(HTTPException) as catcher:
            RequestBody(Upload(11), 10, is_small=True)
        self.assertEqual(catcher.exception.status_code, 413)

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

    def test_body_over_the_limit(self):
        before = len(os.listdir("/dev/fd"))
        self._body(Upload(2 * MEMORY_SIZE), 2 * MEMORY_SIZE)
        upload = Upload(10 * MEMORY_SIZE)
        with self.assertRaises(HTTPException) as catcher:
            RequestBody(upload, 2 * MEMORY_SIZE)
        self.assertEqual(catcher.exception.status_code, 413)
        self.assertGreater(upload.left, 7 * MEMORY_SIZE)
        self.assertEqual(len(os.listdir("/dev/fd")), before + 1)

    def _chunked(self, sent, limit=10 * CHUNK_SIZE):
        """Return the stream of a chunked body in Odoo's HTTP server."""
        environ = {
            "wsgi.input": DechunkedInput(io.BufferedReader(io.BytesIO(sent))),
            "wsgi.input_terminated": True,
        }
        return get_input_stream(environ, max_content_length=limit)

    def test_chunks_of_a_client(self):
        content = os.urandom(3 * CHUNK_SIZE + 5)
        chunks = b"2\r\nab\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(content), content)
        for limit in (None, 10 * CHUNK_SIZE):
            body = self._body(self._chunked(chunks, limit))
            self.assertEqual(body.replay().read(), b"ab" + content)
        with self.assertRaises(RequestEntityTooLarge):
            RequestBody(self._chunked(chunks, 2 * CHUNK_SIZE))

    def test_chunks_near_the_limit(self):
        for size in (10, CHUNK_SIZE, CHUNK_SIZE + 10):
            content = os.urandom(size)
            chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (size, content)
            for limit in (size + 1, size + CHUNK_SIZE - 1, size + CHUNK_SIZE):
                body = self._body(self._chunked(chunks, limit), limit)
                self.assertEqual(body.replay().read(), content)
            with self.assertRaises((HTTPException, RequestEntityTooLarge)) as catcher:
                RequestBody(self._chunked(chunks, size - 1), size - 1)
            error = catcher.exception
            self.assertEqual(getattr(error, "status_code", None) or error.code, 413)

    def test_chunk_that_is_not_sent_to_its_end(self):
        """The missing rest is not filled with memory of the process."""
        for length in (4, CHUNK_SIZE, 2 * CHUNK_SIZE, 2**31, 2**63):
            for sent in (b"abc", b"a" * CHUNK_SIZE):
                for limit in (None, CHUNK_SIZE // 2, 10 * CHUNK_SIZE):
                    stream = self._chunked(b"%x\r\n%b" % (length, sent), limit)
                    with self.assertRaises(
                        (HTTPException, ClientDisconnected, RequestEntityTooLarge)
                    ) as catcher:
                        RequestBody(stream)
                    if isinstance(catcher.exception, RequestEntityTooLarge):
                        self.assertGreaterEqual(len(sent), limit)

    def test_broken_chunks(self):
        for sent in (b"", b"zz\r\n", b"-3\r\nabc\r\n0\r\n\r\n", b"3\r\nabc"):
            with self.assertRaises(HTTPException) as catcher:
                RequestBody(self._chunked(sent, limit=None))
            self.assertEqual(catcher.exception.status_code, 400)
            with self.assertRaises(ClientDisconnected):
                RequestBody(self._chunked(sent))

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
