# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=method-required-super
"""Lists: sorting, pages by number, routes."""

import itertools
import json
from typing import Annotated
from unittest.mock import patch

from fastapi import APIRouter, Depends, Query

from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.fastapi.dependencies import MAX_PAGE_SIZE, make_paging, paging
from odoo.addons.fastapi.records import (
    CursorPage,
    CursorPaging,
    RecordSchema,
    Sort,
    cursor_paging,
    filtering,
    make_cursor_paging,
    search_cursor_page,
    search_page,
    sorting,
)
from odoo.addons.fastapi.schemas import PagedCollection, Paging

from .list_case import Item, ItemFilter, ListCase


class TestSorting(ListCase):
    def test_order(self):
        sort = sorting("name", "integer", date="datetime", default="-date")
        self.assertEqual(sort("name").order, "name, id")
        self.assertEqual(sort("-integer,name").order, "integer desc, name, id")
        self.assertEqual(sort("-date,date").order, "datetime desc, id")
        self.assertEqual(sort().order, "datetime desc, id")
        self.assertIsNone(sorting("name")().order)
        self.assertEqual(Sort((("id", True),)).order, "id desc")

    def test_wrong_names(self):
        with self.assertRaisesRegex(ValueError, "'-date'"):
            sorting("name", default="-date")
        with self.assertRaisesRegex(ValueError, "Name the fields"):
            sorting()


class TestPages(ListCase):
    def page(self, number, size, sort=None, domain=None):
        return search_page(
            self.model,
            self.domain if domain is None else domain,
            sort,
            Paging(limit=size, offset=(number - 1) * size),
            Item,
        )

    def test_pages(self):
        sort = Sort((("integer", True),))
        pages = [self.page(number, 3, sort) for number in (1, 2, 3, 4)]
        self.assertIsInstance(pages[0], PagedCollection[Item])
        self.assertEqual([page.count for page in pages], [7] * 4)
        found = [item.name for page in pages for item in page.items]
        self.assertEqual(found, [f"Item {number}" for number in (2, 5, 1, 4, 0, 3, 6)])
        self.assertEqual(pages[0].items[0].integer, 2)
        self.assertEqual(json.loads(pages[3].model_dump_json())["total"], 7)

    def test_no_limit(self):
        page = search_page(
            self.model,
            [("id", "in", self.items.ids)],
            None,
            Paging(limit=None, offset=None),
            Item,
        )
        self.assertEqual((page.count, len(page.items)), (7, 7))

    def test_queries(self):
        self.page(1, 3)
        for number, size, count in ((1, 80, 1), (3, 3, 1), (1, 7, 2), (4, 3, 2)):
            self.env.invalidate_all()
            with self.subTest((number, size)), self.assertQueryCount(count):
                self.assertEqual(self.page(number, size).count, 7)

    def test_order_of_the_model(self):
        partners = self.env["res.partner"]

        class Id(RecordSchema):
            id: int

        found = search_page(partners, None, None, paging(), Id)
        expected = partners.search([], order=f"{partners._order}, id", limit=80)
        self.assertEqual([item.id for item in found.items], expected.ids)


class TestCounts(ListCase):
    """A page and its count are those of ``search`` and ``search_count``."""

    def setUp(self):
        super().setUp()
        self.forbid("test.fastapi.typed", [("name", "!=", "Item 3")])
        self.as_user = self.model.with_user(self.user)

    def check_pages(self):
        names = ("name", True), ("partner_id", False), ("boolean", False)
        limits = (0, 2), (2, 2), (4, 2), (6, 2), (0, 80), (0, None)
        for name, (offset, limit) in itertools.product(names, limits):
            sort = Sort((name,))
            self.env.invalidate_all()
            with self.subTest(order=sort.order, offset=offset, limit=limit):
                paging = Paging(limit=limit, offset=offset)
                page = search_page(self.as_user, self.domain, sort, paging, Item)
                found = self.as_user.search(self.domain, offset, limit, sort.order)
                self.assertEqual([item.id for item in page.items], found.ids)
                self.assertEqual(page.count, self.as_user.search_count(self.domain))

    def test_record_rules_and_joins(self):
        self.items[1:4].partner_id = self.partners[0]
        self.check_pages()

    def test_archived_records(self):
        partners = self.env["res.partner"]
        self.partners[0].active = False

        class Id(RecordSchema):
            id: int

        domain = Domain("id", "in", self.partners.ids)
        page = search_page(partners, domain, None, Paging(limit=1, offset=0), Id)
        self.assertEqual((page.count, len(page.items)), (1, 1))

    def test_overrides(self):
        model = self.registry["test.fastapi.typed"]
        search, search_fetch = model._search, model.search_fetch
        paging = Paging(limit=2, offset=0)

        def limit_in_python(self, domain, offset=0, limit=None, order=None, **options):
            found = tuple(search(self, domain, order=order, **options))
            end = None if limit is None else offset + limit
            return self.browse(found[offset or 0 : end])._as_query()

        with patch.object(model, "_search", limit_in_python):
            self.check_pages()
        with patch.object(model, "search_count", lambda self, domain, limit=None: 99):
            page = search_page(self.as_user, self.domain, None, paging, Item)
            self.assertEqual(page.count, 99)
        calls = []

        def noted(self, *args, **options):
            calls.append(args)
            return search_fetch(self, *args, **options)

        with patch.object(model, "search_fetch", noted):
            page = search_page(self.as_user, self.domain, None, paging, Item)
        self.assertEqual((len(calls), len(page.items), page.count), (1, 2, 6))

    def test_no_access(self):
        nobody = new_test_user(self.env, "nobody", groups="base.group_public")
        with self.assertRaises(AccessError), mute_logger("odoo.models"):
            search_page(
                self.model.with_user(nobody),
                None,
                None,
                Paging(limit=1, offset=0),
                Item,
            )

    def test_group_of_a_field(self):
        class Secret(RecordSchema):
            secret: str | None

        # an impossible domain, too
        for domain in (self.domain, Domain.FALSE):
            with self.assertRaises(AccessError), mute_logger("odoo.models"):
                search_page(
                    self.as_user, domain, None, Paging(limit=1, offset=0), Secret
                )


class TestListRoutes(ListCase):
    def serve(self, *paths, overrides=None):
        router = APIRouter()

        @router.get("/items")
        def get_items(
            filter: Annotated[ItemFilter, Depends(filtering(ItemFilter))],
            sort: Annotated[Sort, Depends(sorting("name", number="integer"))],
            paging: Annotated[Paging, Depends(paging)],
            text: str = "list",
        ) -> PagedCollection[Item]:
            domain = Domain("text", "=", text) & filter.to_domain()
            return search_page(self.model, domain, sort, paging, Item)

        @router.get("/long")
        def get_long(
            filter: Annotated[ItemFilter, Depends(filtering(ItemFilter))],
            paging: Annotated[CursorPaging, Depends(cursor_paging)],
        ) -> CursorPage[Item]:
            return search_cursor_page(self.model, filter, None, paging, Item)

        @router.get("/native")
        def get_native(filter: Annotated[ItemFilter, Query()]) -> list[Item]:
            return self.model.search(filter.to_domain())

        with self._create_test_client(
            router=router,
            dependency_overrides=overrides,
            raise_server_exceptions=False,
        ) as client:
            document = client.get("/openapi.json").json()
            return document, [client.get(path) for path in paths]

    def test_list(self):
        _document, (response, again) = self.serve(
            "/items?sort=-number,name&page_size=3&search=item&page=2",
            "/items?integer=2&isTrue=false&selection=low&selection=high",
        )
        content = response.json()
        self.assertEqual(content["count"], 7)
        self.assertEqual(
            [item["name"] for item in content["items"]], ["Item 4", "Item 0", "Item 3"]
        )
        self.assertEqual(again.json(), {"count": 0, "items": [], "total": 0})

    def test_wrong_parameters(self):
        paths = (
            "/items?sort=text",
            "/items?sort=name,",
            "/items?integer=x",
            "/items?selection=none",
            "/items?since=yesterday",
            "/items?search=x",
            "/long?cursor=x",
            f"/items?page_size={MAX_PAGE_SIZE + 1}",
            f"/long?page_size={MAX_PAGE_SIZE + 1}",
        )
        _document, responses = self.serve(*paths)
        for path, response in zip(paths, responses, strict=True):
            self.assertEqual(response.status_code, 422, path)
        error = responses[5].json()["detail"][0]
        self.assertEqual(error["loc"], ["query", "search"])
        self.assertIn("too short", error["msg"])
        # as documented for all of them
        for response in responses:
            self.assertIn("msg", response.json()["detail"][0])

    def test_values_that_postgresql_refuses(self):
        paths = (
            "/items?search=%00",
            "/items?before=0001-01-01T00:00:00%2B02:00",
            "/items?integer=99999999999999999999999999",
        )
        _document, responses = self.serve(*paths)
        self.assertEqual([r.status_code for r in responses], [400, 400, 200])

    def test_documentation(self):
        document, _responses = self.serve()
        parameters = {
            parameter["name"]: parameter
            for parameter in document["paths"]["/items"]["get"]["parameters"]
        }
        self.assertEqual(
            parameters.keys(),
            {"integer", "selection", "since", "before", "search", "without"}
            | {"isTrue", "sort", "page", "page_size", "text"},
        )
        self.assertEqual(parameters["search"]["description"], "Part of a name")
        self.assertIn("`number`", parameters["sort"]["description"])
        self.assertEqual(parameters["page_size"]["schema"]["maximum"], MAX_PAGE_SIZE)

    def test_native_query_parameters(self):
        _document, (response,) = self.serve("/native?search=item&integer=2")
        self.assertEqual(
            [item["name"] for item in response.json()], ["Item 2", "Item 5"]
        )

    def test_cursors(self):
        _document, (first,) = self.serve("/long?page_size=4&search=item")
        cursor = first.json()["next_cursor"]
        _document, (second,) = self.serve(
            f"/long?page_size=4&search=item&cursor={cursor}"
        )
        self.assertIsNone(second.json()["next_cursor"])
        found = first.json()["items"] + second.json()["items"]
        self.assertEqual([item["id"] for item in found], self.items.ids)

    def test_other_sizes(self):
        overrides = {
            paging: make_paging(page_size=2, max_page_size=5000),
            cursor_paging: make_cursor_paging(page_size=3, max_page_size=4),
        }
        _document, responses = self.serve(
            "/items",
            "/items?page_size=5000",
            "/items?page_size=5001",
            "/long?search=item",
            "/long?page_size=5",
            overrides=overrides,
        )
        self.assertEqual([r.status_code for r in responses], [200, 200, 422, 200, 422])
        self.assertEqual(len(responses[0].json()["items"]), 2)
        self.assertEqual(len(responses[3].json()["items"]), 3)

    def test_a_filter_can_be_overridden(self):
        def get_filter():
            return ItemFilter(integer=1)

        _document, (response,) = self.serve(
            "/items", overrides={filtering(ItemFilter): get_filter}
        )
        self.assertEqual({i["integer"] for i in response.json()["items"]}, {1})
