# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
from base64 import b64decode
from types import SimpleNamespace

from odoo.tests import BaseCase

from ..server.results import make_resource, make_result
from ..server.texts import describe_error

MISSING = object()


def make_inner(content=b"", status=200, **headers):
    headers.setdefault("content_type", "application/json")
    return SimpleNamespace(
        scope={"path": "/x"},
        status=status,
        headers=[
            (name.replace("_", "-").encode(), value.encode())
            for name, value in headers.items()
        ],
        content=content,
        size=len(content),
        complete=True,
    )


class TestResults(BaseCase):
    def make(self, inner, schema=MISSING, wraps=False, read_only=True, size=1000):
        tool = SimpleNamespace(
            output_schema={"type": "object"} if schema is MISSING else schema,
            wraps_output=wraps,
            read_only=read_only,
            operation={},
        )
        return make_result(tool, inner, size)

    def test_structure(self):
        result = self.make(make_inner(b'{"id": 1}'))
        self.assertEqual(result.structured_content, {"id": 1})
        self.assertFalse(result.is_error)

    def test_wrapped_structure(self):
        for content in (b"[1]", b"null", b'"x"'):
            with self.subTest(content):
                result = self.make(make_inner(content), wraps=True)
                expected = {"result": json.loads(content)}
                self.assertEqual(result.structured_content, expected)
                self.assertFalse(result.is_error)

    def test_not_what_the_schema_says(self):
        inners = {
            "redirect": make_inner(status=307, location="/other"),
            "no content": make_inner(status=204),
            "text": make_inner(b"abc", content_type="text/plain"),
            "no json": make_inner(b"{"),
            "no object": make_inner(b"[1]"),
            "file": make_inner(b"\x00", content_type="application/pdf"),
        }
        for name, inner in inners.items():
            with self.subTest(name):
                result = self.make(inner)
                self.assertTrue(result.is_error)  # clients would refuse it otherwise
                self.assertNotIn("has succeeded", result.content[-1].text)
                result = self.make(inner, read_only=False)
                self.assertIn("has succeeded", result.content[-1].text)
                result = self.make(inner, schema=None)
                self.assertFalse(result.is_error)
                self.assertEqual(len(result.content), 1)

    def test_large_results(self):
        items = [{"id": number} for number in range(2000)]
        content = json.dumps(items).encode()
        result = self.make(make_inner(content), wraps=True)
        self.assertEqual(result.structured_content["result"], items[:100])
        self.assertIn("the first 100 of 2000 items", result.content[-1].text)
        # parsing even larger ones would take too much memory
        result = self.make(make_inner(content), wraps=True, size=200)
        self.assertTrue(result.is_error)
        self.assertEqual(result.content[0].text, content[:200].decode())
        text = "é€" * 1000
        inner = make_inner(text.encode("utf-16"), content_type="text/x; charset=utf-16")
        cut = self.make(inner, schema=None, size=100).content[0].text
        self.assertTrue(text.startswith(cut))
        self.assertGreater(len(cut.encode()), 95)

    def test_what_must_not_be_cut(self):
        """Clients would refuse a list that has too few items."""
        rows = [{"id": number} for number in range(100)]
        refers = {"$ref": "#/$defs/Rows"}
        optional = {"anyOf": [refers, {"type": "null"}]}
        items = {"type": "array", "minItems": 50}
        pair = {"type": "array", "prefixItems": [{}, {}], "minItems": 2}
        pattern = {"type": "array", "items": {"pattern": r"\p{L}"}}
        for rule, data, wraps in (
            (items, rows, True),
            (items, {"rows": rows}, False),
            (pair, [1, rows], True),
            (pattern, ["x"] * 100, True),
        ):
            for place in (refers, optional):
                with self.subTest(rule=rule, data=type(data), place=place):
                    schema = {
                        "type": "object",
                        "properties": {"result" if wraps else "rows": place},
                        "$defs": {"Rows": rule},
                    }
                    inner = make_inner(json.dumps(data).encode())
                    result = self.make(inner, schema, wraps, read_only=False, size=300)
                    self.assertTrue(result.is_error)
                    self.assertIsNone(result.structured_content)
                    self.assertIn("has succeeded", result.content[-1].text)
                    whole = self.make(inner, schema, wraps, size=5000)
                    self.assertFalse(whole.is_error)
        schema = {"type": "object", "properties": {"result": {"minItems": 5}}}
        inner = make_inner(json.dumps(rows).encode())
        result = self.make(inner, schema, wraps=True, size=300)
        self.assertGreater(len(result.structured_content["result"]), 5)

    def test_redirect_names_its_target(self):
        inner = make_inner(status=307, location="/other")
        [block] = self.make(inner, schema=None).content
        self.assertEqual(block.text, "A redirect, with status 307. Location: /other")


class TestResources(BaseCase):
    def make(self, inner, size):
        resource = SimpleNamespace(mime_type=None)
        [contents] = make_resource(resource, "odoo://x", inner, size).contents
        return contents

    def test_files(self):
        inner = make_inner(b"\x00" * 300, content_type="application/pdf")
        contents = self.make(inner, 300)
        self.assertEqual(contents.mime_type, "application/pdf")
        self.assertEqual(len(b64decode(contents.blob)), 300)
        contents = self.make(inner, 299)
        self.assertEqual(contents.mime_type, "text/plain")
        self.assertIn("type application/pdf with 300 bytes", contents.text)

    def test_text(self):
        contents = self.make(make_inner(b"a" * 300, content_type="text/plain"), 200)
        self.assertTrue(contents.text.startswith("a" * 200 + "\n\n[This is only"))


class TestErrors(BaseCase):
    def test_places_in_other_formats(self):
        """The app may have an error handler of its own."""
        call = SimpleNamespace(name_argument=lambda location: location[-1])
        for place, expected in {
            '["query", "name"]': "name: bad",
            '"name"': "name: bad",
            "5": "bad",
            "null": "bad",
        }.items():
            content = b'{"detail": [{"msg": "bad", "loc": %s}]}' % place.encode()
            self.assertEqual(describe_error(make_inner(content, 422), call), expected)

    def test_seconds_to_wait_are_named_once(self):
        for detail, expected in {
            "Slow down.": "Slow down. Try again in 7 seconds.",
            "Try again in 7 seconds.": "Try again in 7 seconds.",
            "Wait 17 seconds.": "Wait 17 seconds. Try again in 7 seconds.",
        }.items():
            content = json.dumps({"detail": detail}).encode()
            inner = make_inner(content, 429, retry_after="7")
            self.assertEqual(describe_error(inner), expected)
