# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Clients that leave, dawdle or never read, and bodies that fill the disk."""

import errno
import os
import shutil
import socket
import subprocess
import tempfile
from functools import partial

import psutil

from .fault_case import FaultCase
from .server_case import LOCK
from .servers import TIMEOUT

MEGABYTE = 1024 * 1024


class TestClients(FaultCase):
    #: Few connections, so that requests that hold some block others.
    options = {"db_maxconn": 8}

    def client(self):
        """Return a socket that is connected to the server."""
        address = ("127.0.0.1", self.first.port)
        client = self.enterContext(socket.socket())
        # small, else the system buffers much of an unread response
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(TIMEOUT)
        client.connect(address)
        return client

    def send(self, line, *headers, body=b""):
        """Send a request; return the socket for the response."""
        client = self.client()
        head = "\r\n".join([f"{line} HTTP/1.1", "Host: 127.0.0.1", *headers])
        client.sendall(head.encode() + b"\r\n\r\n" + body)
        return client

    def responses(self, target):
        """Return the number of logged requests to a target."""
        line = f" {target} HTTP/1.1"
        return sum(line in entry for entry in list(self.first.log))

    def threads(self):
        return psutil.Process(self.first.pid).num_threads()

    def test_client_leaves_before_the_response(self):
        """The handler can't know: it runs to its end and is committed."""
        turns = self.size(full=50, short=3)
        for turn in range(turns):
            self.hold_lock()
            client = self.send(f"POST /f/faults/write?name={turn}&lock={LOCK}")
            self.wait_for_lock(1)
            client.close()
            self.release_lock()
            self.wait_until(self.names, [str(turn)])
            self.query("DELETE FROM test_fastapi_item")
            self.expect_service("client gone")
        self.expect(self.errors(), [], "errors in the log")
        self.conclude("client leaves before the response", turns, self.failures)

    def test_client_leaves_in_the_middle_of_its_body(self):
        turns = self.size(full=50, short=3)
        for turn in range(turns):
            path = f"/f/faults/write?name={turn}"
            client = self.send(f"POST {path}", "Content-Length: 100", body=b"half")
            client.close()
            client = self.send(
                f"POST {path}", "Transfer-Encoding: chunked", body=b"5\r\nhal"
            )
            client.close()
            # more at once than connections in the pool would be refused
            self.wait_until(partial(self.responses, path), 2)
        self.expect(self.names(), [], "items")
        self.expect(self.errors(), [], "errors in the log")
        self.expect_service("bodies cut off")
        self.conclude("client leaves in its body", 2 * turns, self.failures)

    def test_client_that_sends_byte_by_byte(self):
        """It keeps no transaction open and blocks no other client."""
        count, size = 6, self.size(full=60, short=3)
        for pid in self.sessions("idle"):
            self.terminate(pid)
        clients = [
            self.send("POST /f/body", f"Content-Length: {size}")
            for _client in range(count)
        ]
        # each has a connection of the pool, and no transaction is open
        self.wait_until(
            lambda: (len(self.sessions("idle")), self.connections()), (count, 0)
        )
        for _byte in range(size):
            self.expect_service("between two bytes")
            for client in clients:
                client.sendall(b"x")
        for client in clients:
            response = client.makefile("rb").read()
            self.expect(response[:12], b"HTTP/1.1 200", "slow client")
            self.expect(f'"size":{size},'.encode() in response, True, "whole body")
        self.conclude("client sends byte by byte", count * size, self.failures)

    def test_client_that_never_reads(self):
        """Unread plain responses hold no connection, even if there are many."""
        count = self.size(full=50, short=10)
        before = self.threads()
        clients = []
        for _client in range(count):
            clients.append(self.send("GET /f/large?size=20000000"))
            self.expect(clients[-1].recv(12), b"HTTP/1.1 200", "status")
        self.wait_until(self.connections, 0)
        self.expect_service("plain responses not read")
        self.expect(self.threads() > count, True, "still being sent")
        for client in clients:
            client.close()
        self.wait_until(lambda: self.threads() <= before, True)
        self.expect(self.errors(), [], "errors in the log")
        self.conclude("plain response never read", count, self.failures)

    def test_client_that_never_reads_a_stream(self):
        """Each stream holds a connection until its client is gone."""
        turns = self.size(full=10, short=2)
        before = self.threads()
        for _turn in range(turns):
            clients = [
                self.send("GET /f/stream/bytes?size=100000000") for _client in range(7)
            ]
            for client in clients:
                self.expect(client.recv(12), b"HTTP/1.1 200", "status")
            self.expect_service("streams not read")
            responses = [self.first.request("GET", "/f/partner") for _call in range(3)]
            self.expect({response.status for response in responses}, {401}, "others")
            for client in clients:
                client.close()
            self.wait_until(lambda: self.threads() <= before, True)
            self.wait_until(self.connections, 0)
        self.expect(self.errors(), [], "errors in the log")
        self.conclude("stream never read", 7 * turns, self.failures)


class TestFullDisk(FaultCase):
    @classmethod
    def start_server(cls, **options):
        """Start a server whose temporary files are on a disk of three megabytes."""
        folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, folder)
        mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder]
        cls.mounted = not subprocess.run(mount, capture_output=True).returncode
        if cls.mounted:
            cls.addClassCleanup(subprocess.run, ["umount", folder], check=True)
        return super().start_server(variables={"TMPDIR": folder}, **options)

    def upload(self, size):
        """Send a file in a form: the server spools the body, then the file."""
        boundary = "boundary"
        body = (
            f"--{boundary}\r\n"
            'Content-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
        ).encode()
        body += b"x" * size + f"\r\n--{boundary}--\r\n".encode()
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Origin": "https://shop.example",
        }
        return self.first.request("POST", "/f/upload", body, headers)

    def collect_garbage(self):
        return self.first.request("GET", "/f/load/left").status

    def check(self, sizes, reason, case):
        """Send bodies that don't fit, one after the other.

        :param sizes: sizes of the bodies, in bytes
        :param reason: text of the system's error
        """
        turns = self.size(full=20, short=2)
        self.expect(self.upload(100).json(), 100, "small upload")
        process = psutil.Process(self.first.pid)
        before = process.num_fds()
        for turn in range(turns):
            for size in sizes:
                name = f"{size} bytes, {turn}"
                self.first.log_again()
                response = self.upload(size)
                self.expect(response.status, 507, name)
                self.expect(
                    response.json(),
                    {"detail": "The server has no room for the body of the request"},
                    name,
                )
                self.expect(
                    response.headers["Access-Control-Allow-Origin"],
                    "https://shop.example",
                    f"{name}, CORS header",
                )
                self.expect_errors(1, name)
                line = self.errors()[0]
                self.expect(line.rstrip().endswith(f": {reason}"), True, line)
                traceback = any("Traceback" in entry for entry in list(self.first.log))
                self.expect(traceback, False, f"{name}, traceback")
                self.expect(self.upload(100).json(), 100, "small upload")
                self.expect_service(name)
                # older versions of Starlette don't close the file of a part that could
                # not be written
                self.expect(self.collect_garbage(), 200, "garbage collected")
                self.wait_until(lambda: process.num_fds() <= before, True)
        self.conclude(case, turns * len(sizes), self.failures)

    def test_full_disk(self):
        if not self.mounted:
            self.skipTest("A small disk can't be mounted here.")
        # no room for the body; room for the body, but not for the file in it
        sizes = [5 * MEGABYTE, 2 * MEGABYTE]
        self.check(sizes, os.strerror(errno.ENOSPC), "full disk")

    def test_file_size_limit(self):
        process = psutil.Process(self.first.pid)
        limits = process.rlimit(psutil.RLIMIT_FSIZE)
        process.rlimit(psutil.RLIMIT_FSIZE, (MEGABYTE, limits[1]))
        self.addCleanup(process.rlimit, psutil.RLIMIT_FSIZE, limits)
        self.check([2 * MEGABYTE], os.strerror(errno.EFBIG), "file at its limit")
