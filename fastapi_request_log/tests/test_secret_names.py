# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
from base64 import b64encode
from time import thread_time

from odoo.tests import BaseCase

from ..bodies import describe_body, storable
from ..secret_names import MANY, REMOVED, SecretNames, Secrets


class TestSecretNames(BaseCase):
    def setUp(self):
        super().setUp()
        self.secrets = Secrets(SecretNames(["I-BAN"]))

    def test_names(self):
        secret = (
            "Authorization Proxy-Authorization X-Auth oauth_verifier Cookie Set-Cookie "
            "X-API-Key apiKey API_KEY api.key KEY private-key access_token csrfToken "
            "Token PASSWORD passwd pwd pass user_password passPhrase client-secret "
            "Signature X-Amz-Signature otp otp_code jwt sid sessionId iban IBAN i_ban "
            "user[iban] user.iban iban[0] card[pin] PHPSESSID sig client_assertion "
            "SAMLResponse code_verifier Sec-WebSocket-Protocol Idempotency-Key-Token"
        )
        for name in secret.split():
            with self.subTest(name=name):
                self.assertTrue(self.secrets.is_secret(name))
        plain = (
            "author authors side shopping keyword passport name iban2 id sign "
            "Idempotency-Key X-Idempotency-Key idempotency_key"
        )
        for name in plain.split():
            with self.subTest(name=name):
                self.assertFalse(self.secrets.is_secret(name))

    def test_query(self):
        query = "a=1&API-key=abc+d&pass%77ord=x%20yz&filter[token]=t&flag&key"
        self.assertEqual(
            self.secrets.clean_query(query),
            "a=1&API-key=***&pass%77ord=***&filter[token]=***&flag&key",
        )

    def test_query_with_another_one_in_it(self):
        for query, cleaned in (
            ("next=https%3A%2F%2Fa%2F%3Ftoken%3Dhunter2&a=1", "next=https://a/?token"),
            ("next=https://a/?token=hunter2&a=1", "next=https://a/?token"),
            ("filter=%7B%22t%22%3A%7B%22token%22%3A%22hunter2%22%7D%7D&a=1", "filter="),
            ('filter={"token":"hunter2"}&a=1', "filter="),
            ("url=https://me:hunter2@host/&a=1", "url=https://***"),
            ("b=c;token=hunter2&a=1", "b=c%3Btoken"),
        ):
            with self.subTest(query=query):
                found = self.secrets.clean_query(query)
                self.assertNotIn("hunter2", found)
                self.assertTrue(found.startswith(cleaned), found)
                self.assertTrue(found.endswith("&a=1"), found)
        query = "next=https%3A%2F%2Fa%2F%3Fb%3Dc+d&x=%7B%22a%22%3A1%7D&y=a;b"
        self.assertEqual(self.secrets.clean_query(query), query)

    def test_query_that_is_no_form(self):
        for query, cleaned in (
            ('{"token":"abcdef==","x":1}', '{"token":"***","x":1}'),
            ("%7B%22token%22%3A%22abcdef==%22%7D", "%7B%22token%22:%22***%22%7D"),
            ("{%22pin%22:%22abcdef==%22}", "%7B%22pin%22:%22***%22%7D"),
            ("+%5B%7B%22pin%22:%22abcdef==%22%7D]", "%20%5B%7B%22pin%22:%22***%22%7D"),
            ("[token]=abc,def", "[token]=***"),
            ("[0][token]=abc,def&x={1}", "[0][token]=***&x={1}"),
            ("{token}=abc,def", "{token}=***"),
            ("token: abcdef==", "token:%20***=***"),
            ("%5B%7B%22a%22%3A1%7D%5D", "%5B%7B%22a%22%3A1%7D%5D"),
        ):
            with self.subTest(query=query):
                found = self.secrets.clean_query(query)
                self.assertTrue(found.startswith(cleaned), found)
                self.assertNotIn("def", found)

    def test_texts(self):
        for text, cleaned in (
            ("Key (token)=(abcd) exists", "Key (token)=*** exists"),
            ("Key (token, a)=(ab, c d) exists", "Key (token, a)=*** exists"),
            ("Key (a, token)=(c, ab)ef) exists", "Key (a, token)=*** exists"),
            ("Key (lower(a::b), token)=(c, ab).", "Key (lower(a::b), token)=***."),
            ("Key (lower(token::text))=(ab) exists", "Key (lower(token:***))=*** ex"),
            ("Key (a, b)=(c, token=ab) exists", "Key (a, b)=(c, token=***) exists"),
            ("Key (a, token)=(c, ab", "Key (a, token)=***"),
            ("<Password>a b</Password> x", "<Password>***</Password> x"),
            ("see https://a/?api_key=ab&x=1", "see https://a/?api_key=***&x=1"),
            ("Authorization: Bearer ab.cd", "Authorization: ***"),
            ("{'secret': 'a \\'b', 'c': 1}", "{'secret': ***, 'c': 1}"),
            ("key words, a token of x: 7", "key words, a token of x: 7"),
            ('<a:Password Type="T">b</a:Password> x', '<a:Password Type="T">***</a:Pa'),
            ("<password><![CDATA[a<b]]></password> x", "<password>***</password> x"),
            ("<secret><a>b</a><c>d</c></secret> x", "<secret>***</secret> x"),
            ("<secret><a>b</a><c>d", "<secret>***"),
            ("{'tokens': ['ab', 'cd'], 'e': 1}", "{'tokens': ***, 'e': 1}"),
            ("{'token': {'a': 'b'}, 'e': 1}", "{'token': ***, 'e': 1}"),
            (r'at "{\"token\": \"a b\", \"c\": 1}"', r'at "{\"token\": ***, \"c\": 1}'),
            (r'at {\\"token\\":\\"a\tb\\"}', r'at {\\"token\\":***}'),
            (r'at "{\"pin\": 1234}"', r'at "{\"pin\": ***}"'),
            (r'at "{\"pin\": \"12', r'at "{\"pin\": ***'),
            ("A(password=SecretStr('ab'), c=1)", "A(password=***, c=1)"),
            ("A(password=b'ab', c=1)", "A(password=***, c=1)"),
            ("at postgresql://me:ab@host/db", "at postgresql://***@host/db"),
            ("at https://host:80/a@b", "at https://host:80/a@b"),
            ("Authorization: Token ab, c", "Authorization: ***, c"),
            ("see https://a/?password=ab,c(d)e&x=1", "see https://a/?password=***&x=1"),
            ('see "/a?x=1&token=ab,c"', 'see "/a?x=1&token=***"'),
            ("see /?token='ab c'&x", "see /?token=***&x"),
            ("see /?x&token=,ab c", "see /?x&token=*** c"),
            ("see /?token=Bearer ab,c d", "see /?token=*** d"),
            ("no Bearer ab12cd34ef, c", "no Bearer ***, c"),
            ("no eyJhbGciOi.eyJzdWIiOi.ab_c-d, e", "no ***, e"),
            ("a.jwt-eyJhbGciOi.eyJzdWIiOi.ab_c-d, e", "a.jwt-***, e"),
            (f"{'a' * 99}_password=ab c", f"{'a' * 99}_password=*** c"),
            ("https://h/?n=%2F%3Ftoken%3Dab%26c c", "https://h/?n=/?token=***&c c"),
        ):
            with self.subTest(text=text):
                self.assertTrue(self.secrets.clean_text(text).startswith(cleaned))
        for text, cleaned in (("a < b > c <d> e=f", "a < b > c <d> e=f"),):
            with self.subTest(text=text):
                self.assertEqual(self.secrets.clean_text(text), cleaned)

    def test_known_values_in_other_texts(self):
        basic = b64encode(b"me:hunter2").decode()
        self.assertEqual(
            self.secrets.clean_value("authorization", f"Basic {basic}"), REMOVED
        )
        self.secrets.clean_value("Cookie", "lang=en_US; session_id=abcdefghijkl")
        self.secrets.clean_query("token=a%2Fbc")
        self.secrets.clean_value("key", 'a"b/ü')
        self.assertEqual(
            self.secrets.forget(
                f'hunter2 en_US abcdefghijkl a/bc a%2Fbc {basic} a\\"b/ü a%22b/%C3%BC'
            ),
            f"{REMOVED} en_US" + f" {REMOVED}" * 6,
        )

    def test_known_values_of_a_detail(self):
        self.secrets.clean_text("Key (token, lang)=(hunter2, en_US) already exists.")
        self.assertEqual(self.secrets.forget("hunter2 en_US"), "*** en_US")
        self.secrets.clean_text("Key (name, pass)=(Doe, Jane, hunter3) already exists.")
        self.assertEqual(self.secrets.forget("hunter3"), "***")

    def test_many_known_values(self):
        """They are found as a few are, and also where one overlaps another."""
        few = ("abcd", "abcdefgh", "fghijk", "äöü😀", "$(.*")
        for values in (few, [*few, *(f"value {x}" for x in range(MANY))]):
            for value in values:
                self.secrets.add(value)
            for text, cleaned in (
                ("xabcdx abcdefgh abcd", "x***x *** ***"),
                ("abcdabcd", "******"),
                ("no äöü😀, $(.*", "no ***, ***"),
                ("value 7 abc", "value 7 abc" if values is few else "*** abc"),
                ("", ""),
            ):
                with self.subTest(text=text, values=len(values)):
                    self.assertEqual(self.secrets.forget(text), cleaned)
        self.assertEqual(self.secrets.forget("-abcdefghijk-"), "-***-")
        self.secrets.add("added later")
        self.assertEqual(self.secrets.forget("added later"), "***")

    def measure(self, make_text):
        """Return how much longer four times the text takes."""
        times = []
        for size in (500, 2000):
            text = make_text(size)
            measured = []
            for _number in range(3):
                secrets = Secrets(SecretNames())
                start = thread_time()
                secrets.forget(secrets.clean_long(text))
                measured.append(thread_time() - start)
            times.append(min(measured))
        return times[1] / times[0]

    def test_time_grows_with_the_size(self):
        """A client may send as many secrets as the body has room for."""
        for make_text in (
            lambda size: json.dumps({f"token{x}": f"value {x}" for x in range(size)}),
            lambda size: json.dumps(
                [f"https://a/?token=value{x}" for x in range(size)]
            ),
            lambda size: "".join(f"<key{x}>value {x}</key{x}>" for x in range(size)),
            lambda size: "key:***" * 3 * size,
            lambda size: "?key=a," * 3 * size,
            lambda size: 'key:\\"a' * 3 * size,
            lambda size: 'key\\"' * 3 * size,
            lambda size: "key:\n a\n" * 3 * size,
            lambda size: "-eyJabcde" * 2 * size,
            lambda size: "(key)=((a" * size,
            lambda size: "(a" * size + ")=(key" * size,
            lambda size: "(" + "(a)" * size + ")=(",
        ):
            with self.subTest(make_text(1)):
                self.assertLess(self.measure(make_text), 9)  # 16 if it were the square


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

    def test_texts_in_json(self):
        for body, stored in (
            (
                r"""{"a":"{\"token\":\"hunter2\"}"}""",
                r"""{"a":"{\"token\":\"***\"}"}""",
            ),
            (r"""{"q":"f(pass: \"hunter2\") {é}"}""", '{"q":"f(pass: ***) {é}"}'),
            ('["https://a/?token=hunter2"]', '["https://a/?token=***"]'),
            ("[ERROR] password=hunter2 or b: 1", "[ERROR] password=*** or b: 1"),
            ("[ERROR] password: hunter2", "[ERROR] password: ***"),
            ('\ufeff{"token":["hunter2"]}', '{"token":"***"}'),
        ):
            with self.subTest(body=body):
                self.assertEqual(self.describe(body.encode()), stored)
        for charset in ("utf-16", "utf-16-be", "utf-32"):
            body = '{"token":"hunter2"}'.encode(charset)
            self.assertEqual(self.describe(body).lstrip("\ufeff"), '{"token":"***"}')

    def test_json_that_is_cut_off(self):
        whole = b'{"a": "b", "password": {"x": "hunter2", "y": ["hunter3"]}, "c": 1}'
        for length in range(1, len(whole)):
            stored = self.describe(whole[:length], size=len(whole))
            self.assertNotIn("hunt", stored)
            self.assertTrue(stored.endswith(f"… [{length} of {len(whole)} B]"))

    def test_json_in_json_that_is_cut_off(self):
        """As in the result of a tool, which agents get as a text."""
        text = json.dumps({"é": '"\\', "api_key": "hunter2\thunter2", "b": "😀"})
        for content in (text, json.dumps([text]), f'"{text}'):
            whole = json.dumps({"a": [{"text": content}]}).encode()
            for length in range(1, len(whole) + 1):
                stored = self.describe(whole[:length], size=len(whole))
                self.assertNotIn("hunt", stored)

    def test_json_in_json_that_is_not_valid(self):
        body = r"""{"a":"{\"b\":\"\x\",\"token\":\"hunter2\"}", "c": 1}"""
        self.assertEqual(
            self.describe(body.encode()),
            r"""{"a":"{\"b\":\"x\",\"token\":\"***\"}", "c": 1}""",
        )

    def test_event_streams(self):
        inner = json.dumps({"a": json.dumps({"token": "hunter2"}), "pass": ["ab"]})
        body = f"event: message\r\ndata: {inner}\r\n\r\ndata:{inner[:40]}"
        self.assertEqual(
            self.describe(body.encode(), "text/event-stream; charset=utf-8"),
            'event: message\r\ndata: {"a": "{\\"token\\": \\"***\\"}", "pass": "***"}'
            '\r\n\r\ndata:{"a": "{\\"token\\": \\"***\\"}", "pass"',
        )

    def test_yaml(self):
        for body, stored in (
            ("a: b c\npass: red horse, it's\nd: e", "a: b c\npass: ***\nd: e"),
            ("- pass: |\n    hunter2\n\n    x\n  a: b", "- pass: ***\n  a: b"),
            ("a:\n  'api-key': >-\n   hunter2\n  b: c", "a:\n  'api-key': ***\n  b: c"),
            ("tokens:\n- hunter2\n- b: hunter3\na: b", "tokens: ***\na: b"),
            ("- token: hunter2\n- a: b\n", "- token: ***\n- a: b\n"),
            ("a: {token: hunter2}\n#b: c", "a: {token: ***}\n#b: c"),
            ("a: x\r\ntoken:\r\n  hunter2 b\r\n", "a: x\r\ntoken: ***\n"),
        ):
            with self.subTest(body=body):
                found = self.describe(body.encode(), "application/yaml")
                self.assertEqual(found, stored)
        # they are known in other texts
        self.describe(b"pass: 'a b c'\ntoken: |\n  hunter2", "text/yaml")
        self.assertEqual(self.secrets.forget("a b c, hunter2"), "***, ***")

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
        body = rb"""{"loc":{"note":"{\"password\":\"hunter2\"}"}}"""
        self.assertNotIn("hunter2", self.describe(body))

    def test_forms(self):
        form = "application/x-www-form-urlencoded"
        self.assertEqual(
            self.describe(b"a=1&Pass-word=hunter2", form), "a=1&Pass-word=***"
        )
        # what curl sends as a form
        for body, stored in (
            ('{"client_secret":"c2VjcmV0LXZh=="}', '{"client_secret":"***"}'),
            ('{"password":"hunter2","note":"a=b"}', '{"password":"***","note":"a=b"}'),
            ('\n{"password":"abc&defghi", "a": 1}', '\n{"password":"***", "a": 1}'),
            ('[1, {"password":"a=b&c"}]', '[1, {"password":"***"}]'),
            ("{password:'a=b&c'}", '{password:"***"}'),
            ("<a><pass>a=b&amp;c</pass></a>", "<a><pass>***</pass></a>"),
        ):
            with self.subTest(body=body):
                self.assertEqual(self.describe(body.encode(), form), stored)
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

    def test_forms_with_wrong_headers(self):
        """The client is told so, and its password is not stored."""
        part = b'--X\r\nContent-Disposition: form-data; name="password"\r\n\r\nhunter2'
        body = part + b"\r\n--X--"
        for content_type in (
            "multipart/form-data",
            "multipart/form-data; boundary=Y",
            "application/json",
            "text/plain",
            "",
        ):
            with self.subTest(content_type=content_type):
                self.assertEqual(self.describe(body, content_type), "password=***")
        for content in (b"password=hunter2", b"", b"\r\n" + body):
            stored = self.describe(b" " + content, "multipart/form-data")
            self.assertEqual(stored, f"[multipart/form-data, {len(content) + 1} B]")

    def test_headers_of_parts_that_can_not_be_parsed(self):
        body = b"--X\r\nContent-Disposition: form-data; \xff*"
        self.assertEqual(
            self.describe(body, "multipart/form-data; boundary=X"),
            f"[multipart/form-data, {len(body)} B]",
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
