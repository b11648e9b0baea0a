# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=method-required-super
"""Pages of lists by cursor."""

import base64
import json

from fastapi.exceptions import RequestValidationError

from odoo.fields import Domain

from odoo.addons.fastapi.records import CursorPaging, Sort, search_cursor_page

from .list_case import Item, ListCase


class TestCursors(ListCase):
    def read(self, sort=None, limit=2, domain=None, change=None):
        """Return the names on all pages."""
        found, cursor = [], None
        for _page in range(20):
            page = search_cursor_page(
                self.model,
                self.domain if domain is None else domain,
                sort,
                CursorPaging(cursor=cursor, limit=limit),
                Item,
            )
            found.append([item.name for item in page.items])
            cursor = page.next_cursor
            if cursor is None:
                return found
            if change:
                change()
        raise AssertionError("no end")

    def names(self, records):
        return records.mapped("name")

    def test_pages(self):
        pages = self.read(limit=3)
        self.assertEqual([len(page) for page in pages], [3, 3, 1])
        self.assertEqual(sum(pages, []), self.items.mapped("name"))
        self.assertEqual(self.read(limit=7), [self.items.mapped("name")])
        self.assertEqual(self.read(domain=[("id", "=", 0)]), [[]])

    def test_each_type_and_empty_values(self):
        values = {
            "integer": [1, 1, None, 2, 0, None, -1],
            "float": [0.1, 0.1, None, 1e20, -1.5, None, 0.0],
            "digits": [0.1, 0.12, None, 3.0, 0.12, None, -1.0],
            "monetary": [0.1, 0.12, None, 3.0, 0.12, None, -1.0],
            "title": ["b", "A", None, "a", "ä", None, "b"],
            "text": ["b", "A", "list", "a", "ä", "x", "b"],
            "boolean": [True, False, None, True, False, None, True],
            "date": ["2026-01-02", "2026-01-01", None, "0001-01-01"]
            + ["2026-01-02", None, "9999-12-31"],
            "datetime": ["2026-01-02 03:04:05.678901", "2026-01-02 03:04:05.678902"]
            + [None, "2026-01-01", "2026-01-02 03:04:05.678901", None, "9999-12-31"],
            "selection": ["low", "high", None, "low", "low", None, "high"],
            "create_date": ["2026-01-02 03:04:05.678901"] * 7,
        }
        translated = {"title"}
        domain = Domain("id", "in", self.items.ids)
        for name, column in values.items():
            for record, value in zip(self.items, column, strict=True):
                if name in translated and value is not None:
                    value = json.dumps({"en_US": value})
                self.env.cr.execute(
                    f'UPDATE test_fastapi_typed SET "{name}" = %s WHERE id = %s',
                    [value, record.id],
                )
            self.env.invalidate_all()
            for descending in (False, True):
                for terms in (
                    ((name, descending),),
                    (("boolean", True), (name, descending)),
                    ((name, descending), ("id", True)),
                ):
                    sort = Sort(terms)
                    expected = self.model.search(domain, order=sort.order)
                    with self.subTest(terms):
                        self.assertEqual(
                            sum(self.read(sort, domain=domain), []),
                            expected.mapped("name"),
                        )

    def test_changes_between_pages(self):
        def change():
            # before and behind the cursor
            self.model.create({"name": "A", "integer": 0, "text": "list"})

        pages = self.read(Sort((("integer", True),)), change=change)
        found = [name for page in pages for name in page if name != "A"]
        self.assertEqual(found, [f"Item {number}" for number in (2, 5, 1, 4, 0, 3, 6)])

    def test_queries(self):
        self.read()
        for cursor in (None, self.cursor()):
            self.env.invalidate_all()
            with self.assertQueryCount(1):
                search_cursor_page(
                    self.model,
                    self.domain,
                    None,
                    CursorPaging(cursor=cursor, limit=3),
                    Item,
                )

    def cursor(self, sort=None):
        paging = CursorPaging(limit=3)
        return search_cursor_page(
            self.model, self.domain, sort, paging, Item
        ).next_cursor

    def test_wrong_cursors(self):
        def encode(*values):
            content = json.dumps(values).encode()
            return base64.urlsafe_b64encode(content).decode()

        by_date = Sort((("datetime", False),))
        by_number = Sort((("integer", False),))
        for sort, cursor in (
            (None, "x"),
            (None, "é"),
            (None, ""),
            (None, encode()),
            (None, encode("id", "a")),
            (None, encode("id", 1, 2)),
            (None, encode("id", True)),
            (None, base64.urlsafe_b64encode(b"[" * 5000).decode()),
            (None, base64.urlsafe_b64encode(b"7").decode()),
            (None, self.cursor(by_number)),
            (by_number, encode("integer,id", "1; DROP", 2)),
            (by_number, encode("integer,id", 1.5, 2)),
            (by_date, encode("datetime,id", "yesterday", 2)),
            (by_date, encode("datetime,id", "2026-01-01T00:00:00+00:00", 2)),
            (Sort((("name", False),)), encode("name,id", "a\0", 2)),
            (Sort((("name", False),)), encode("name,id", "\ud800", 2)),
            (Sort((("float", False),)), encode("float,id", float("inf"), 2)),
            (Sort((("float", False),)), encode("float,id", 10**400, 2)),
            (Sort((("monetary", False),)), encode("monetary,id", 10**400, 2)),
        ):
            paging = CursorPaging(cursor=cursor, limit=3)
            with (
                self.subTest(cursor),
                self.assertRaises(RequestValidationError) as caught,
            ):
                search_cursor_page(self.model, None, sort, paging, Item)
            (error,) = caught.exception.errors()
            self.assertEqual(error["loc"], ("query", "cursor"))

    def test_large_numbers(self):
        content = json.dumps(["id", 10**40]).encode()
        cursor = base64.urlsafe_b64encode(content).decode()
        page = search_cursor_page(
            self.model, None, None, CursorPaging(cursor=cursor, limit=3), Item
        )
        self.assertEqual(page.items, [])

    def test_fields_that_cannot_sort(self):
        for name in ("partner_id", "child_ids", "computed", "nothing", "html"):
            with self.assertRaisesRegex(ValueError, f"can't sort .* by '{name}'"):
                search_cursor_page(
                    self.model,
                    None,
                    Sort(((name, False),)),
                    CursorPaging(limit=3),
                    Item,
                )
