# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from base64 import b64encode

from odoo.tests import BaseCase

from ..bodies import describe_body, storable
from ..secret_names import REMOVED, SecretNames, Secrets


class TestSecretNames(BaseCase):
    def setUp(self):
        super().setUp()
        self.secrets = Secrets(SecretNames(["I-BAN"]))

    def test_names(self):
        secret = (
            "Authorization Proxy-Authorization X-Auth oauth_verifier Cookie Set-Cookie "
            "X-API-Key apiKey API_KEY api.key KEY private-key access_token csrfToken "
            "Token PASSWORD passwd pwd pass user_password passPhrase client-secret "
            "Signature X-Amz-Signature otp jwt sid sessionId iban IBAN i_ban"
        )
        for name in secret.split():
            with self.subTest(name=name):
                self.assertTrue(self.secrets.is_secret(name))
        for (
            name
        ) in "author authors side shopping keyword passport name iban2 id".split():
            with self.subTest(name=name):
                self.assertFalse(self.secrets.is_secret(name))

    def test_query(self):
        query = "a=1&API-key=abc+d&pass%77ord=x%20yz&filter[token]=t&flag&key"
        self.assertEqual(
            self.secrets.clean_query(query),
            "a=1&API-key=***&pass%77ord=***&filter[token]=***&flag&key",
        )

    def test_texts(self):
        for text, cleaned in (
            ("Key (token)=(abcd) exists", "Key (token)=*** exists"),
            ("<Password>a b</Password> x", "<Password>***</Password> x"),
            ("see https://a/?api_key=ab&x=1", "see https://a/?api_key=***&x=1"),
            ("Authorization: Bearer ab.cd", "Authorization: ***"),
            ("{'secret': 'a \\'b', 'c': 1}", "{'secret': ***, 'c': 1}"),
            ("key words, a token of x: 7", "key words, a token of x: 7"),
        ):
            with self.subTest(text=text):
                self.assertEqual(self.secrets.clean_text(text), cleaned)

    def test_known_values_in_other_texts(self):
        basic = b64encode(b"me:hunter2").decode()
        self.assertEqual(
            self.secrets.clean_value("authorization", f"Basic {basic}"), REMOVED
        )
        self.secrets.clean_value("Cookie", "lang=en_US; session_id=abcdefghijkl")
        self.secrets.clean_query("token=a%2Fbc")
        self.assertEqual(
            self.secrets.forget(f"hunter2 en_US abcdefghijkl a/bc a%2Fbc {basic}"),
            f"{REMOVED} en_US {REMOVED} {REMOVED} {REMOVED} {REMOVED}",
        )


class TestBodies(BaseCase):
    def describe(self, data, content_type="application/json", size=0, encoding=""):
        self.secrets = Secrets(SecretNames())
        size = size or len(data)
        return describe_body(data, size, content_type, encoding, self.secrets)

    def test_json(self):
        for body, stored in (
            ('{"a": 1, "b": [true, null]}', '{"a": 1, "b": [true, null]}'),
            ('{"a": {"apiKey": "x"}}', '{"a": {"apiKey": "***"}}'),
            ('[{"Pass-Word" : "x\\"y", "b":2}]', '[{"Pass-Word" : "***", "b":2}]'),
            ('{"token": {"a": ["x", {"b": 1}]}, "c": 3}', '{"token": "***", "c": 3}'),
            ('{"keys": [1, 2], "c": "{,}"}', '{"keys": "***", "c": "{,}"}'),
            ('{"k\\u0065y": 7}', '{"k\\u0065y": "***"}'),
            ('{"a": "key", "b": "token"}', '{"a": "key", "b": "token"}'),
        ):
            with self.subTest(body=body):
                self.assertEqual(self.describe(body.encode()), stored)
                # as it may also come
                self.assertEqual(self.describe(body.encode(), "text/plain"), stored)
                self.assertEqual(self.describe(body.encode(), ""), stored)

    def test_json_that_is_cut_off(self):
        whole = b'{"a": "b", "password": {"x": "hunter2", "y": ["hunter3"]}, "c": 1}'
        for length in range(1, len(whole)):
            stored = self.describe(whole[:length], size=len(whole))
            self.assertNotIn("hunt", stored)
            self.assertTrue(stored.endswith(f"… [{length} of {len(whole)} B]"))

    def test_errors_of_validation(self):
        body = (
            b'{"detail":[{"loc":["body","password"],"msg":"m","input":"hunter2"},'
            b'{"loc":["body","a"],"msg":"m","input":"x"}]}'
        )
        self.assertEqual(
            self.describe(body),
            '{"detail":[{"loc":["body","password"],"msg":"m","input":"***"},'
            '{"loc":["body","a"],"msg":"m","input":"x"}]}',
        )

    def test_forms(self):
        form = "application/x-www-form-urlencoded"
        self.assertEqual(
            self.describe(b"a=1&Pass-word=hunter2", form), "a=1&Pass-word=***"
        )
        multipart = (
            b'--X\r\nContent-Disposition: form-data; name="api_key"\r\n\r\nhunter2\r\n'
            b'--X\r\nContent-Disposition: form-data; name="f"; filename="a.png"\r\n'
            b"Content-Type: image/png\r\n\r\n\x89PNG\r\n"
            b'--X\r\nContent-Disposition: form-data; name="n"\r\n\r\nhalf of i'
        )
        self.assertEqual(
            self.describe(multipart, "multipart/form-data; boundary=X", 900),
            f"api_key=***\nf=[file a.png, image/png]\nn=half of i"
            f"… [{len(multipart)} of 900 B]",
        )

    def test_binary(self):
        self.assertEqual(self.describe(b"\x89PNG", "image/png"), "[image/png, 4 B]")
        self.assertEqual(self.describe(b"\xff\0", ""), "[unknown type, 2 B]")
        self.assertEqual(
            self.describe(b"abc", "application/json", 9, "gzip"),
            "[application/json, gzip, 9 B]",
        )
        self.assertIsNone(self.describe(b""))

    def test_text_that_postgresql_can_not_store(self):
        self.assertEqual(self.describe(b'{"a": "\0"}'), '{"a": "\0"}')
        self.assertEqual(storable("a\0b\ud800c"), "a\\x00b\\ud800c")
        # the last character is cut
        self.assertEqual(self.describe("aé".encode()[:2], size=3), "a… [2 of 3 B]")
        self.assertEqual(self.describe(b"a\xff", "text/plain"), "a\\xff")
