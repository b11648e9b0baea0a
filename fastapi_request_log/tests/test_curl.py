# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import shlex
import subprocess

from odoo.tests import BaseCase

from ..curl import curl_command, parse_headers

URL = "https://odoo.example.com/api/orders"


class TestCurl(BaseCase):
    def _arguments(self, *args, **kwargs):
        first, *arguments = shlex.split(curl_command(*args, **kwargs))
        self.assertEqual(first, "curl")
        return arguments

    def test_get(self):
        self.assertEqual(curl_command("GET", URL), f"curl {URL}")

    def test_query_is_quoted(self):
        self.assertEqual(
            curl_command("GET", f"{URL}?a=1&b=$HOME"), f"curl '{URL}?a=1&b=$HOME'"
        )

    def test_brackets_are_no_patterns(self):
        self.assertEqual(
            self._arguments("GET", f"{URL}?ids[]={{1,2}}"),
            ["--globoff", f"{URL}?ids[]={{1,2}}"],
        )

    def test_methods(self):
        for method, body, expected in (
            ("HEAD", None, ["--head"]),
            ("DELETE", None, ["--request", "DELETE"]),
            ("POST", None, ["--request", "POST"]),
            ("GET", "x", ["--request", "GET"]),
        ):
            arguments = self._arguments(method, URL, body=body)
            self.assertEqual(arguments[: len(expected)], expected)
        self.assertNotIn("--request", self._arguments("POST", URL, body="{}"))

    def test_any_body_survives_the_shell(self):
        for body in (
            '{"name": "O\'Neill", "cost": "$5 `id` \\"quoted\\" \\\\ !"}',
            "@/etc/passwd",
            "-d other",
            "two\nlines\r\nand\ttabs ",
            "ünïcödé 価格 🙂",
            "a=1&b=%20+",
        ):
            command = curl_command("POST", URL, [("Content-Type", "a/b")], body)
            # printf instead of curl, with a line's end that no argument has
            script = command.replace("curl ", r"printf '%s\0' ", 1)
            output = subprocess.run(
                ["sh", "-c", script], capture_output=True, check=True
            ).stdout.decode()
            self.assertEqual(
                output.split("\0"),
                ["--header", "Content-Type: a/b", "--data-raw", body, URL, ""],
            )

    def test_control_characters_are_escapes(self):
        """A terminal would follow them when the command is pasted."""
        text = "'a\\\x1b[201~b\r\x9b\x07c\n$d é"
        command = curl_command("POST", URL, [("Content-Type", "a/b")], text)
        for sign in "\x1b\x9b\x07":
            self.assertNotIn(sign, command)
        script = command.replace("curl ", r"printf '%s\0' ", 1)
        output = subprocess.run(
            ["bash", "-c", script], capture_output=True, check=True
        ).stdout.decode()
        self.assertEqual(output.split("\0")[3], text)

    def test_body_without_type_is_no_form(self):
        self.assertEqual(
            self._arguments("POST", URL, body="x"),
            ["--header", "Content-Type:", "--data-raw", "x", URL],
        )

    def test_what_is_not_stored_is_left_to_fill_in(self):
        for body in ("", '{"lines": [1, … [4096 of 9000 B]', "[image/png, 1234 B]"):
            self.assertIn("BODY", self._arguments("POST", URL, body=body), body)
        for body in ("[1, 2]", '["a, 5 B"]'):
            self.assertIn(body, self._arguments("POST", URL, body=body))
        headers = [("Content-Type", "multipart/form-data; boundary=x")]
        self.assertIn("BODY", self._arguments("POST", URL, headers, "file=[file a]"))

    def test_headers_of_the_connection_are_left_out(self):
        headers = parse_headers(
            "Host: example.com\nAccept: a/b\nX-Forwarded-For: 10.0.0.1\n"
            "Content-Length: 5\nX-Empty:\nX-Time: 10:30"
        )
        self.assertEqual(
            self._arguments("GET", URL, headers),
            [
                *("--header", "Accept: a/b"),
                *("--header", "X-Empty;"),
                *("--header", "X-Time: 10:30"),
                URL,
            ],
        )

    def test_credentials(self):
        headers = [("Authorization", "***"), ("X-Key", "***"), ("X-Sign-Key", "***")]
        self.assertEqual(
            self._arguments(
                "GET", URL, headers, credentials=["--header", "X-Key: KEY"]
            ),
            ["--header", "X-Key: KEY", "--header", "X-Sign-Key: VALUE", URL],
        )
        self.assertEqual(
            self._arguments("GET", URL, headers[:1]),
            ["--header", "Authorization: VALUE", URL],
        )
