# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Requests that no client should send, byte by byte over sockets.

Each request carries an ``Origin``, and the test app answers that in everything that it
answers: so it can be seen who has answered, the app or somebody else.
"""

import json
import random
import socket

from odoo.tests import tagged

from odoo.addons.fastapi.models.fastapi_endpoint import HTTP_METHODS

from .servers import TIMEOUT
from .stress_case import StressCase

ORIGIN = b"https://shop.example"
#: What the server may say before it answers; it does so twice.
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

#: What the HTTP server itself says, before Odoo, to what is no HTTP/1 request.
SERVER_STATUSES = {400, 414, 431}

METHODS = [method.encode() for method in HTTP_METHODS]
ODD_METHODS = [b"get", b"PROPFIND", b"CONNECT", b"G T", b"\0", b"X" * 500, b"", b"\xff"]
VERSIONS = [b"HTTP/1.0", b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.1"]
ODD_VERSIONS = [b"HTTP/1.2", b"HTTP/2.0", b"HTTP/x", b"HTTP/", b"", b"http/1.1 x"]

#: Beginnings of paths: routes of the test app that read what the client sends.
ROUTES = [
    b"/body",
    b"/docs",
    b"/empty",
    b"/file",
    b"/form",
    b"/headers",
    b"/identity",
    b"/items",
    b"/items/1",
    b"/items/%2e%2e",
    b"/method",
    b"/openapi.json",
    b"/order",
    b"/outer/inner/items",
    b"/partner",
    b"/partner/optional",
    b"/prefix/routed/items",
    b"/request",
    b"/static/echo.py",
    b"/static/../../__manifest__.py",
    b"/static/%2e%2e/%2e%2e/__manifest__.py",
    b"/stream/bytes",
    b"/tasks",
    b"/teardown",
    b"/upload",
]
#: Segments of paths. Whatever ``..`` leads to, an anonymous client can reach in Odoo.
SEGMENTS = [
    b"identity",
    b"request",
    b"items",
    b"stream",
    b"partner",
    b"body",
    b"static",
    b"outer",
    b"echo.py",
    b"web",
    b"login",
    b"session",
    b"odoo",
    b"fuzz",
    b".",
    b"..",
    b"%2e%2e",
    b".%2e",
    b"%252e%252e",
    b"..%2f..%2fweb%2flogin",
    b"..%5c..%5cweb",
    b"..\\..\\web\\login",
    b"%00",
    b"a%00b",
    b"%0d%0aX-Injected:%20yes",
    b"%0aX-Injected:%20yes",
    b";jsessionid=1",
    b"identity;x=y",
    b"..;",
    b"%",
    b"%zz",
    b"%u0041",
    b"%ff%fe",
    b"%c0%ae%c0%ae",
    b"%ed%a0%80",
    b"\xc3\xa9",
    b"\xff",
    b"caf\xe9",
    b"{item_id}",
    b"9" * 400,
    b"x" * 5000,
    b"*",
    b"@evil.example",
    b"http:",
    b"evil.example",
    b"",
    b"",
]
QUERIES = [
    b"",
    b"",
    b"?",
    b"?name=%ff",
    b"?page=%00",
    b"?page=" + b"9" * 4000,
    b"?name=a&name=b&&=&%=%",
    b"?\xff\xc3\xa9",
    b"?value=%0d%0aX-Injected:%20yes",
    b"?name=" + b"x" * 20_000,
    b"?count=3&name=%ed%a0%80",
    b"#fragment",
    b"?a?b#c",
]
#: What leads elsewhere though it looks like the endpoint, and is none of its own.
ELSEWHERE = [
    b"/fuzzy/identity",
    b"/FUZZ/identity",
    b"/fuzz;x/identity",
    b"/fuzz%00/identity",
    b"/fuzz%20/identity",
    b"/fuzz\\identity",
    b"/fuzz%5cidentity",
    b"/./fuzz/identity",
    b"/x/../fuzz/identity",
    b"/web/../fuzz/identity",
    b"/web/%2e%2e/fuzz/identity",
    b"/%2e/fuzz/identity",
    b"/web%2f..%2ffuzz/identity",
    b"/fuzz%252fidentity",
    b"/fuzz.",
    b"fuzz/identity",
    b"*",
]
EXPECT = b"Expect: 100-continue"
TOO_LONG = b"Content-Length: 99999999999999999999"
UPGRADE = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13"
#: Headers that are wrong, or more than anybody expects.
HEADERS = [
    b"Content-Length: -1",
    TOO_LONG,
    b"Content-Length: 5, 5",
    b"Content-Length: 0x5",
    b"Content-Length:",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: chunked\r\nContent-Length: 3",
    b"Content-Length: 3\r\nContent-Length: 30",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: xchunked",
    b"Transfer-Encoding : chunked",
    b"transfer-encoding:\tCHUNKED",
    b"Content-Type: multipart/form-data; boundary=" + b"x" * 3000,
    b'Content-Type: multipart/form-data; boundary="\xff"',
    b"Content-Type: application/json; charset=\xff",
    b"Content-Type: /;;=",
    b"Content-Encoding: gzip",
    EXPECT,
    b"Expect: the unexpected",
    b"Cookie: session_id=" + b"x" * 3000,
    b"Cookie: session_id=../../../etc/passwd; a",
    b'Cookie: =;;="\\\xff; session_id="\\000"; \x01',
    b"Cookie: session_id=%00\r\nCookie: session_id=b",
    b"Authorization: Basic",
    b"Authorization: Basic =====",
    b"Authorization: Basic //8=",
    b"Authorization: Basic OgA6",
    b"Authorization: Digest x",
    b"Authorization: Bearer \xff",
    b"Accept-Language: *;q=x,\xff;q=9,-,_,,;",
    b"Accept-Language: " + b"en-" * 1000,
    b"Accept: \0",
    b"Range: bytes=-99999999999999999999,9-1,x",
    b"If-Modified-Since: yesterday",
    b'If-None-Match: "',
    b"Host: evil.example",
    b"Host:",
    b"Host: a b\tc",
    b"X-Forwarded-Host: evil.example",
    b"X-Forwarded-Proto: javascript",
    b"X-Forwarded-Prefix: //evil.example",
    b"X-Forwarded-For: \xff, ;;",
    b"X-HTTP-Method-Override: DELETE",
    UPGRADE,
    b"Connection: Transfer-Encoding, Content-Length",
    b"Access-Control-Request-Method: \xff",
    b"X: \rX-Injected: yes",
    b" folded: first",
    b"X: a\r\n\tfolded",
    b": no name",
    b"no colon",
    b"\xff\xfe: \xff",
    b"SCRIPT_NAME: /web",
    b"Script-Name: /web",
    b"Path-Info: /web/login",
    b"X-Long: " + b"x" * 60_000,
]
BODIES = [
    b"",
    b"",
    b"abc",
    b"0\r\n\r\n",
    b"3\r\nabc\r\n0\r\n\r\n",
    b"fffffffffffffffff\r\nabc",
    b"-3\r\nabc\r\n0\r\n\r\n",
    b"zz\r\n",
    b"0\r\n\r\nGET /web/login HTTP/1.1\r\nHost: x\r\n\r\n",
    b"[" * 5000,
    b'{"lines": [{"name": "\\ud800", "quantity": 1e999}]}',
    b"name=%ff&name=\0&" + b"a=&" * 2000,
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="../../x"\r\n\r\n',
]


class Request:
    """A request from a grammar of tricks.

    :param dice: decides
    :param below: what is below the endpoint, or looks like it
    """

    def __init__(self, dice, below=True):
        self.below = below
        if below:
            route = dice.choice((b"", dice.choice(ROUTES)))
            depth = dice.choice((0, 0, 1, 2)) if route else dice.randrange(6)
            path = b"/".join([b"/fuzz" + route, *dice.choices(SEGMENTS, k=depth)])
            if dice.random() < 0.1:
                path = b"http://evil.example" + path
            self.target = path + dice.choice(QUERIES)
        else:
            self.target = dice.choice(ELSEWHERE)
        self.odd_method = dice.random() < 0.1
        self.odd_version = dice.random() < 0.1
        self.method = dice.choice(ODD_METHODS if self.odd_method else METHODS)
        version = dice.choice(ODD_VERSIONS if self.odd_version else VERSIONS)
        self.has_host = dice.random() >= 0.05
        headers = [b"Host: 127.0.0.1"] if self.has_host else []
        # the last one: for lines that go on with the header before
        headers += [b"Origin: " + ORIGIN, b"X: x"]
        if dice.random() < 0.05:
            # the server takes 100
            headers += [b"X-Many-%d: x" % number for number in range(90)]
        headers += dice.sample(HEADERS, k=dice.choice((0, 1, 1, 2, 3)))
        # Odoo throws away what follows the 100 of the server: all of the answer
        # (odoo.service.server.RequestHandler.end_headers).
        self.upgrade = UPGRADE in headers
        self.too_long = TOO_LONG in headers
        self.discarded = EXPECT in headers and self.upgrade
        lines = [b" ".join((self.method, self.target, version)), *headers, b"", b""]
        self.raw = b"\r\n".join(lines) + dice.choice(BODIES)

    def __str__(self):
        return repr(self.raw if len(self.raw) < 600 else self.raw[:600] + b"...")


class RawAnswer:
    """What a server has sent before it closed a connection."""

    def __init__(self, raw, reset=False):
        self.reset = reset
        while raw.startswith(CONTINUE):
            raw = raw.removeprefix(CONTINUE)
        self.raw = raw
        head, _separator, self.body = raw.partition(b"\r\n\r\n")
        start, *lines = head.split(b"\r\n")
        self.http = start.startswith(b"HTTP/1.")
        self.status = int(start.split()[1]) if self.http else 0
        #: Names and values as they came, the names in lower case.
        self.headers = []
        for line in lines:
            name, _separator, value = line.partition(b":")
            self.headers.append((name.lower(), value.strip()))

    def get(self, name):
        return b", ".join(value for key, value in self.headers if key == name)

    @property
    def by_app(self):
        return self.get(b"access-control-allow-origin") == ORIGIN


@tagged("post_install", "-at_install")
class TestFuzz(StressCase):
    def setUp(self):
        super().setUp()
        self.create_endpoint(self.first, "/fuzz")
        answer = self.send(b"GET /fuzz/identity HTTP/1.1\r\n")
        self.assertTrue(answer.by_app, answer.raw)

    def tearDown(self):
        # the server that was there before is still there, and still serves
        answer = self.send(b"GET /fuzz/identity HTTP/1.1\r\n")
        self.assertEqual(answer.status, 200)
        super().tearDown()

    def send(self, raw):
        """Return what comes back for bytes; for a mere beginning, its end is added."""
        if b"\r\n\r\n" not in raw:
            raw += b"Host: 127.0.0.1\r\nOrigin: " + ORIGIN + b"\r\n\r\n"
        with socket.create_connection(("127.0.0.1", self.first.port), TIMEOUT) as peer:
            chunks = []
            try:
                peer.sendall(raw)
                peer.shutdown(socket.SHUT_WR)
                while chunk := peer.recv(65536):
                    chunks.append(chunk)
            except TimeoutError:
                raise
            except OSError:
                # The server has not read all of it. What it has answered may be lost.
                return RawAnswer(b"".join(chunks), reset=True)
        return RawAnswer(b"".join(chunks))

    def judge(self, request, answer):
        """Yield what is wrong with an answer."""
        if b"x-injected" in dict(answer.headers):
            yield "a header was injected"
        if answer.raw.count(b"\r\nServer: ") > 1:
            yield "answered twice"
        if not answer.http:
            # answered as HTTP/0.9 has it, or not at all
            if not (
                answer.reset
                or request.odd_method
                or request.odd_version
                or request.discarded
            ):
                yield f"no answer: {answer.raw[:200]!r}"
        elif answer.by_app:
            if not request.below:
                yield f"{answer.status} of an endpoint that was not asked"
            if answer.status >= 500:
                yield f"{answer.status}: {answer.body[:200]!r}"
        elif answer.status >= 500:
            if not self.is_of_plain_odoo(request, answer):
                yield f"{answer.status} of somebody else: {answer.raw[:500]!r}"
        elif request.below and not (
            answer.status in SERVER_STATUSES
            or (request.odd_method and answer.status == 405)
            # one that is malformed too is not given to the app
            or (request.too_long and answer.status == 413)
            # a handshake is refused before there is an app for it (ir_http)
            or (request.upgrade and answer.status == 403 and not answer.body)
        ):
            yield f"{answer.status} of somebody else: {answer.raw[:500]!r}"

    def is_of_plain_odoo(self, request, answer):
        """Return whether Odoo without the addon answers with this 5xx too."""
        if answer.status == 505:
            # http.server (BaseHTTPRequestHandler.parse_request)
            return request.odd_version
        if answer.status != 500:
            return False
        if not request.has_host:
            # a KeyError before any routing (odoo.http.Request._get_session_and_dbname)
            return True
        # It asks for an attachment at a path that nobody else answers, and PostgreSQL
        # takes no NUL (ir.http._serve_fallback).
        path = request.target.partition(b"?")[0]
        return not request.below and b"%00" in path

    def fuzz(self, case, tried, below):
        seed = random.randrange(2**32) if self.full else 1
        dice = random.Random(seed)
        failures = []
        unknown = 0
        for number in range(tried):
            request = Request(dice, below)
            answer = self.send(request.raw)
            unknown += answer.reset
            failures += [
                f"{number} of seed {seed}: {wrong}\n    {request}"
                for wrong in self.judge(request, answer)
            ]
        self.conclude(case, tried - unknown, failures)
        self.assertLess(unknown, tried / 5)

    def test_below_the_endpoint(self):
        self.fuzz("hostile requests below an endpoint", self.size(5000, 300), True)

    def test_elsewhere(self):
        self.fuzz("requests that are not for an endpoint", self.size(500, 100), False)

    def test_reflected_headers(self):
        """A handler's mistake is a 500; it must not become a header of the client's."""
        failures = []
        tried = 0
        for value in (
            "a%0d%0aX-Injected:%20yes",
            "a%0aX-Injected:%20yes",
            "a%0dX-Injected:%20yes",
            "a%0d%0a%0d%0aHTTP/1.1%20200%20OK%0d%0aX-Injected:%20yes",
            "%e2%80%a8X-Injected:%20yes",
            "%c4%8d%c4%8aX-Injected:%20yes",
        ):
            for error in (0, 1):
                tried += 1
                path = f"/fuzz/reflect?error={error}&value={value}"
                answer = self.send(f"GET {path} HTTP/1.1\r\n".encode())
                if not (answer.by_app and answer.status == 500):
                    failures.append(f"{path}: {answer.raw}")
                if b"Injected" in answer.raw:
                    failures.append(f"{path}: injected")
        self.conclude("headers that handlers take from clients", tried, failures)

    def test_framing(self):
        """What does not say how long it is, is refused; nothing comes after a body."""
        after = b"GET /fuzz/request HTTP/1.1\r\nHost: x\r\n\r\n"
        chunked = "Transfer-Encoding: chunked"
        cases = (
            # headers, body, status, bytes that the handler gets
            ("Content-Length: 5", b"abcde" + after, 200, 5),
            ("Content-Length: 5\r\n" + chunked, b"0\r\n\r\n" + after, 200, 0),
            (chunked + "\r\nContent-Length: 5", b"0\r\n\r\n" + after, 200, 0),
            ("Content-Length: 5, 6", b"abcdef", 400, None),
            ("Content-Length: 5, 5", b"abcde", 400, None),
            ("Content-Length: +5", b"abcde", 400, None),
            ("Content-Length: -5", b"abcde", 400, None),
            ("Content-Length: 5_0", b"a" * 50, 400, None),
            ("Content-Length: 0x5", b"abcde", 400, None),
            ("Content-Length: x", b"abcde", 400, None),
            ("Content-Length: 10", b"abcde", 400, None),
            (chunked, b"3\r\nabc\r\n0\r\n\r\n" + after, 200, 3),
            (chunked, b"-3\r\nabc\r\n0\r\n\r\n", 400, None),
            (chunked, b"zz\r\nabc\r\n0\r\n\r\n", 400, None),
            (chunked, b"20000\r\nabc", 400, None),
            (chunked, b"ffffffff\r\nabc", 400, None),
            (chunked, b"3\r\nabc", 400, None),
        )
        failures = []
        for headers, body, status, size in cases:
            raw = (
                f"POST /fuzz/body HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n"
                f"Origin: https://shop.example\r\n{headers}\r\n\r\n"
            )
            answer = self.send(raw.encode() + body)
            expected = answer.by_app and answer.status == status
            if status == 200:
                expected = expected and json.loads(answer.body)["size"] == size
            if not expected:
                failures.append(f"{headers!r} {body!r}: {answer.raw!r}")
        self.conclude("lengths that contradict each other", len(cases), failures)
