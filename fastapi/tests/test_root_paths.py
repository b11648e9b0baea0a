# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import BaseCase

from ..root_paths import clean_root_path, is_below, is_reserved, is_valid


class TestCleanRootPath(BaseCase):
    def test_one_form(self):
        for given, expected in (
            ("/api", "/api"),
            ("api", "/api"),
            ("/api/", "/api"),
            ("//api//v1//", "/api/v1"),
            ("  /api/v1  ", "/api/v1"),
            ("/API/v1", "/API/v1"),
            ("/café", "/café"),
            ("/a.b/c-d", "/a.b/c-d"),
        ):
            with self.subTest(given):
                self.assertEqual(clean_root_path(given), expected)

    def test_nothing(self):
        for given in ("", "/", "//", "   ", None, False):
            with self.subTest(given):
                self.assertEqual(clean_root_path(given), "/")

    def test_twice_is_once(self):
        for given in (" api//v1/ ", "/", "/a /b"):
            once = clean_root_path(given)
            self.assertEqual(clean_root_path(once), once)

    def test_reserved(self):
        for path in ("/", "/web", "/Web/x", "/odoo/api", "/jsonrpc"):
            self.assertTrue(is_reserved(path), path)
        for path in ("/api", "/api/web", "/webshop"):
            self.assertFalse(is_reserved(path), path)

    def test_valid(self):
        for path in ("/api/v1", "/caf\u00e9", "/a.b/~c", "/...", "/a@b:c"):
            self.assertTrue(is_valid(path), path)
        for path in (
            "/",
            "api",
            "/a b",
            "/a/",
            "/./a",
            "/a/..",
            "/a?b",
            "/<a>",
            "/%41",
        ):
            self.assertFalse(is_valid(path), path)

    def test_below(self):
        for path in ("/api", "/api/", "/api/v1"):
            self.assertTrue(is_below(path, "/api"), path)
        for path in ("/apis", "/x/api", "/"):
            self.assertFalse(is_below(path, "/api"), path)
