# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Random hostile requests, built from a grammar of tricks.

Each has an ``Origin``, which the CORS middleware of the test app puts into every
response: so a test can tell whether the response comes from the app.
"""

from odoo.addons.fastapi.models.fastapi_endpoint import HTTP_METHODS

ORIGIN = b"https://shop.example"
#: Interim response, which the server sends twice.
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

#: Statuses of the HTTP server for bytes that are not an HTTP/1 request.
SERVER_STATUSES = {400, 414, 431}

METHODS = [method.encode() for method in HTTP_METHODS]
ODD_METHODS = [b"get", b"PROPFIND", b"CONNECT", b"G T", b"\0", b"X" * 500, b"", b"\xff"]
VERSIONS = [b"HTTP/1.0", b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.1"]
ODD_VERSIONS = [b"HTTP/1.2", b"HTTP/2.0", b"HTTP/x", b"HTTP/", b"", b"http/1.1 x"]

#: Starts of paths: routes of the test app that read the request.
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
#: Segments of paths. ``..`` leads to paths that an anonymous client may request too.
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
#: Paths that look like the endpoint's but lead elsewhere.
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
#: Headers that are malformed, repeated or too many.
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

    :param dice: the random generator
    :param below: whether the path is below the endpoint; otherwise it looks like it
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
        # last, so that a continuation line extends this header
        headers += [b"Origin: " + ORIGIN, b"X: x"]
        if dice.random() < 0.05:
            # the server's limit is 100
            headers += [b"X-Many-%d: x" % number for number in range(90)]
        headers += dice.sample(HEADERS, k=dice.choice((0, 1, 1, 2, 3)))
        # After a 100, Odoo discards the whole response
        # (odoo.service.server.RequestHandler.end_headers).
        self.upgrade = UPGRADE in headers
        self.too_long = TOO_LONG in headers
        self.discarded = EXPECT in headers and self.upgrade
        lines = [b" ".join((self.method, self.target, version)), *headers, b"", b""]
        self.raw = b"\r\n".join(lines) + dice.choice(BODIES)

    def __str__(self):
        return repr(self.raw if len(self.raw) < 600 else self.raw[:600] + b"...")


class RawResponse:
    """All bytes that a server sent on a connection, parsed."""

    def __init__(self, raw, reset=False):
        self.reset = reset
        while raw.startswith(CONTINUE):
            raw = raw.removeprefix(CONTINUE)
        self.raw = raw
        head, _separator, self.body = raw.partition(b"\r\n\r\n")
        start, *lines = head.split(b"\r\n")
        self.http = start.startswith(b"HTTP/1.")
        self.status = int(start.split()[1]) if self.http else 0
        #: Lower-case names and values, in the order received.
        self.headers = []
        for line in lines:
            name, _separator, value = line.partition(b":")
            self.headers.append((name.lower(), value.strip()))

    def get(self, name):
        return b", ".join(value for key, value in self.headers if key == name)

    @property
    def by_app(self):
        return self.get(b"access-control-allow-origin") == ORIGIN
