# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from werkzeug.exceptions import BadRequest

from odoo.tests import BaseCase

from ...bridge.scope import build_scope, get_forwarded_prefix, wsgi_path
from ..bridge_case import make_environ


class TestWsgiPath(BaseCase):
    def test_ascii(self):
        self.assertEqual(wsgi_path(make_environ("/api/items/")), "/api/items/")

    def test_non_ascii(self):
        self.assertEqual(wsgi_path(make_environ("/café/日本")), "/café/日本")

    def test_bytes_that_are_not_utf8(self):
        environ = make_environ()
        environ["PATH_INFO"] = "/api/\xff/x"
        self.assertEqual(wsgi_path(environ), "/api/\N{REPLACEMENT CHARACTER}/x")


class TestScope(BaseCase):
    def test_request_line(self):
        scope = build_scope(make_environ("/x", method="PATCH"), "")
        self.assertEqual(scope["type"], "http")
        self.assertEqual(scope["method"], "PATCH")
        self.assertEqual(scope["http_version"], "1.1")
        self.assertEqual(scope["scheme"], "http")
        self.assertEqual(scope["server"], ("odoo.example", 80))

    def test_port_that_is_no_number(self):
        for scheme, default in (("http", 80), ("https", 443)):
            for port in ("", "abc", "-1", "٣"):
                environ = make_environ(SERVER_PORT=port)
                environ["wsgi.url_scheme"] = scheme
                with self.subTest(scheme, port=port):
                    server = build_scope(environ, "")["server"]
                    self.assertEqual(server, ("odoo.example", default))

    def test_host(self):
        for host in (
            "",
            "odoo.example",
            "odoo.example:",
            "my_odoo:8069",
            "[::1]:80",
            "[::ffff:192.0.2.1]",
            "192.0.2.1:65535",
            "xn--bcher-kva.example",
            "caf%C3%A9.example",
            "a~b!$&'()*+,;=.example.",
            "x" * 63 + ".example.:80",
            ".".join(["a" * 60] * 1000),
        ):
            with self.subTest(host):
                scope = build_scope(make_environ(HTTP_HOST=host), "")
                self.assertEqual(scope["headers"], [(b"host", host.encode())])

    def test_host_of_another_alphabet(self):
        for host in (
            "bücher.example",
            "bücher_2.example:8069",
            "例え.テスト",
            "हिन्दी.भारत",
        ):
            with self.subTest(host):
                value = host.encode().decode("latin-1")
                scope = build_scope(make_environ(HTTP_HOST=value), "")
                self.assertEqual(scope["headers"], [(b"host", host.encode())])

    def test_host_that_is_none(self):
        for host in (
            "[::1",
            "]:[",
            "[zz]",
            "x[::1]",
            "x:abc",
            "x:-1",
            "x:65536",
            "x:1:2",
            "x:" + "1" * 60_000,
            "a/b",
            "a?b",
            "a#b",
            "a\\b",
            "user@host",
            "user:secret@host",
            "a..b",
            ".a",
            ".",
            "a..",
            "x" * 64,
            "x" * 64 + ".example:80",
            "evil example",
            "evil\texample",
            "a\x7fb",
            "a<b>",
            'a"b',
            "a|b",
            "a^b",
            "a`b",
            "a{b}",
            "a%b",
            "a%zz",
            "[::1]x",
            "[::1%25eth0]",
            "[v1.x]",
            "[" + "1:" * 30_000 + "]",
            # full-width letters and signs, of which the last are those of URLs
            *(
                host.encode().decode("latin-1")
                for host in (
                    "a／b",
                    "user＠host",
                    "a？b",
                    "a＃b",
                    "a：1",
                    "é b",
                    "é\\b",
                )
            ),
            "é" * 64,
            "\xff",
            ("é" * 30 + ".").encode().decode("latin-1") * 1000,
        ):
            with self.subTest(host), self.assertRaisesRegex(BadRequest, "names no"):
                build_scope(make_environ(HTTP_HOST=host), "")

    def test_scheme(self):
        for sent, scheme in (
            ("http", "http"),
            ("https", "https"),
            ("javascript", "http"),
        ):
            environ = make_environ()
            environ["wsgi.url_scheme"] = sent
            self.assertEqual(build_scope(environ, "")["scheme"], scheme)

    def test_client(self):
        environ = make_environ(REMOTE_ADDR="192.0.2.1", REMOTE_PORT="4711")
        self.assertEqual(build_scope(environ, "")["client"], ("192.0.2.1", 4711))

    def test_server_that_leaves_out_the_empty_query(self):
        """PEP 3333 allows it."""
        environ = make_environ()
        del environ["QUERY_STRING"]
        self.assertEqual(build_scope(environ, "")["query_string"], b"")

    def test_root_path_is_a_part_of_the_path(self):
        scope = build_scope(make_environ("/api/v1/items"), "/api/v1")
        self.assertEqual(scope["root_path"], "/api/v1")
        self.assertEqual(scope["path"], "/api/v1/items")

    def test_root_path_alone(self):
        scope = build_scope(make_environ("/api/v1"), "/api/v1")
        self.assertEqual(scope["root_path"], "/api/v1")
        self.assertEqual(scope["path"], "/api/v1")

    def test_without_root_path(self):
        scope = build_scope(make_environ("/items/"), "")
        self.assertEqual(scope["root_path"], "")
        self.assertEqual(scope["path"], "/items/")

    def test_doubled_slashes_below_the_root_path_stay(self):
        scope = build_scope(make_environ("/api//items/"), "/api")
        self.assertEqual(scope["path"], "/api//items/")

    def test_prefix_of_a_proxy_is_a_part_of_the_root_path(self):
        environ = make_environ("/api/items", SCRIPT_NAME="/proxy")
        scope = build_scope(environ, "/api")
        self.assertEqual(scope["root_path"], "/proxy/api")
        self.assertEqual(scope["path"], "/proxy/api/items")

    def test_root_path_with_non_ascii_characters(self):
        scope = build_scope(make_environ("/café/日本/naïve"), "/café/日本")
        self.assertEqual(scope["root_path"], "/café/日本")
        self.assertEqual(scope["path"], "/café/日本/naïve")

    def test_prefix_of_a_proxy_with_non_ascii_characters(self):
        prefix = "/für".encode().decode("latin-1")
        scope = build_scope(make_environ("/api/x", SCRIPT_NAME=prefix), "/api")
        self.assertEqual(scope["root_path"], "/für/api")
        self.assertEqual(scope["path"], "/für/api/x")

    def test_path_that_is_not_utf8(self):
        for path_info in ("/api/\xff", "/api/\xc3", "/api/caf\xe9"):
            environ = make_environ()
            environ["PATH_INFO"] = path_info
            with self.subTest(path_info), self.assertRaises(BadRequest):
                build_scope(environ, "/api")

    def test_path_with_a_nul(self):
        with self.assertRaisesRegex(BadRequest, "NUL"):
            build_scope(make_environ("/api/a\0b"), "/api")

    def test_query_passes_as_it_came(self):
        for query in ("", "a=1&a=2", "q=%C3%A9+%20&x=%", "a[]=<>\"'{}|^`#~/?"):
            with self.subTest(query):
                scope = build_scope(make_environ(query=query), "")
                self.assertEqual(scope["query_string"], query.encode())

    def test_raw_bytes_of_a_query_are_encoded(self):
        # curl sends its arguments unchanged: the UTF-8 of é, a lone 0xff, beside
        # escapes
        scope = build_scope(make_environ(query="q=\xc3\xa9&r=\xff&s=%20%25"), "")
        self.assertEqual(scope["query_string"], b"q=%C3%A9&r=%FF&s=%20%25")

    def test_headers(self):
        environ = make_environ(
            HTTP_X_SOME_NAME="Value, kept",
            HTTP_X_LATIN="caf\xe9",
            CONTENT_TYPE="text/plain",
            CONTENT_LENGTH="0",
        )
        self.assertCountEqual(
            build_scope(environ, "")["headers"],
            [
                (b"x-some-name", b"Value, kept"),
                (b"x-latin", b"caf\xe9"),
                (b"content-type", b"text/plain"),
                (b"content-length", b"0"),
            ],
        )

    def test_blanks_around_a_header(self):
        environ = make_environ(HTTP_X_NAME="\t a value \t ")
        headers = build_scope(environ, "")["headers"]
        self.assertIn((b"x-name", b"a value"), headers)

    def test_environ_stays_as_it_is(self):
        environ = make_environ("/api/x", query="q=\xff")
        before = dict(environ)
        build_scope(environ, "/api")
        self.assertEqual(environ, before)

    def test_environ_of_the_request_is_in_the_scope(self):
        marker = object()
        environ = make_environ(**{"odoo.marker": marker})
        scope = build_scope(environ, "")
        self.assertIs(scope["wsgi_environ"]["odoo.marker"], marker)

    def test_each_request_has_a_state_of_its_own(self):
        environ = make_environ()
        first, second = build_scope(environ, ""), build_scope(environ, "")
        first["state"]["seen"] = True
        self.assertEqual(second["state"], {})


class TestForwardedPrefix(BaseCase):
    def test_path(self):
        for header, prefix in (
            ("", ""),
            ("/", ""),
            ("/odoo", "/odoo"),
            (" /odoo/ ", "/odoo"),
            ("/a/b_c-d.e~f", "/a/b_c-d.e~f"),
            ("/a:@!$&'()*+;=", "/a:@!$&'()*+;="),
            ("/..a/b../...", "/..a/b../..."),
            # the nearest proxy has the last word
            ("/evil, /odoo", "/odoo"),
            ("/caf%C3%A9", "/café"),
        ):
            expected = prefix.encode().decode("latin-1")
            self.assertEqual(get_forwarded_prefix(header), expected, header)

    def test_letters_that_were_not_encoded(self):
        for prefix in ("/café", "/à", "/日本"):
            header = prefix.encode().decode("latin-1")
            self.assertEqual(get_forwarded_prefix(header), header)

    def test_what_is_not_a_path(self):
        for header in (
            "odoo",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/odoo//x",
            "/odoo\\x",
            "/%5Cevil.example",
            "/%2Fevil.example",
            "/%2f%2fevil.example",
            "/odoo/../x",
            "/..",
            "/./x",
            "/%2e%2e/x",
            "/odoo?x",
            "/odoo#x",
            "/odoo%3Fx",
            "/odoo%23x",
            "/od oo",
            "/\todoo",
            "/odoo%0A",
            "/odoo%00",
            "/odoo%",
            "/odoo<x>",
            "/odoo'\"",
            "https://evil.example",
            "javascript:alert(1)",
            "/\xff",
            "/a" * 30_000 + "?",
        ):
            self.assertEqual(get_forwarded_prefix(header), "", header)
