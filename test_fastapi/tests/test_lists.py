# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=method-required-super
"""Lists: filters, sorting, pages."""

import base64
import datetime as dt
import json
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.exceptions import RequestValidationError
from pydantic import AwareDatetime, Field, ValidationError, field_validator

from odoo import exceptions
from odoo.fields import Domain

from odoo.addons.fastapi.dependencies import MAX_PAGE_SIZE, make_paging, paging
from odoo.addons.fastapi.records import (
    CursorPage,
    CursorPaging,
    FilterSchema,
    Lookup,
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

from .test_records import RecordCase


class Item(RecordSchema):
    id: int
    name: str
    integer: int


class ItemFilter(FilterSchema):
    integer: int | None = None
    selection: list[Literal["low", "high"]] | None = None
    since: Annotated[dt.date | None, Lookup("date", operator=">=")] = None
    before: Annotated[AwareDatetime | None, Lookup("datetime", operator="<")] = None
    search: Annotated[
        str | None,
        Lookup("name", "partner_id.name", operator="ilike"),
        Field(description="Part of a name"),
    ] = None
    without: Annotated[str | None, Lookup("name", "text", operator="not ilike")] = None
    boolean: bool | None = Field(None, alias="isTrue")

    @field_validator("search")
    @classmethod
    def check_search(cls, value):
        if value == "x":
            raise ValueError("too short")
        return value


class ListCase(RecordCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.items = cls.model.create(
            [
                {"name": f"Item {number}", "integer": number % 3, "text": "list"}
                for number in range(7)
            ]
        )
        cls.env.flush_all()
        cls.domain = Domain("text", "=", "list")


class TestFilters(ListCase):
    def test_domain(self):
        time = dt.datetime(2026, 1, 2, 3, tzinfo=dt.timezone(dt.timedelta(hours=2)))
        for values, domain in (
            ({}, []),
            ({"integer": 0}, [("integer", "=", 0)]),
            ({"isTrue": False}, [("boolean", "=", False)]),
            ({"selection": ["low"]}, [("selection", "in", ["low"])]),
            ({"since": dt.date(2026, 1, 2)}, [("date", ">=", dt.date(2026, 1, 2))]),
            ({"before": time}, [("datetime", "<", dt.datetime(2026, 1, 2, 1))]),
            (
                {"search": "a", "integer": 2},
                [("integer", "=", 2), "|", ("name", "ilike", "a")]
                + [("partner_id.name", "ilike", "a")],
            ),
            (
                {"without": "a"},
                [("name", "not ilike", "a"), ("text", "not ilike", "a")],
            ),
        ):
            with self.subTest(values):
                self.assertEqual(ItemFilter(**values).to_domain(), Domain(domain))

    def test_own_methods(self):
        class Own(FilterSchema):
            even: bool | None = None
            text: str = "list"

            def filter_even(self, value):
                return [("integer", "in", [0, 2] if value else [1])]

        for even, count in ((True, 5), (False, 2), (None, 7)):
            page = search_page(self.model, Own(even=even), None, paging(), Item)
            self.assertEqual(page.count, count)

    def test_operators(self):
        for operator in ("any", "=?", "inselect"):
            with self.assertRaisesRegex(ValueError, "is not one of"):
                Lookup("name", operator=operator)

    def test_values_that_postgresql_has_not(self):
        for values in (
            {"search": "a\0b"},
            {"before": "0001-01-01T00:00:00+02:00"},
        ):
            with self.assertRaises(exceptions.ValidationError):
                ItemFilter(**values).to_domain()

    def test_patterns_that_end_with_a_backslash(self):
        class Pattern(FilterSchema):
            name: Annotated[str | None, Lookup(operator="=like")] = None
            title: Annotated[str | None, Lookup(operator="=ilike")] = None

        self.items[0].write({"name": "a\\", "title": "A\\"})
        for text, count in (
            ("a\\", 1),
            ("a\\\\", 1),
            ("%\\", 1),
            ("\\", 0),
            ("a\\%", 0),
            ("a%", 1),
        ):
            for name in ("name", "title"):
                with self.subTest(name, text=text):
                    page = search_page(
                        self.model, Pattern(**{name: text}), None, paging(), Item
                    )
                    self.assertEqual(page.count, count)

    def test_values_at_the_end_of_a_range(self):
        last = dt.datetime(9999, 12, 31, 23, 59, 59)

        class Range(FilterSchema):
            at: Annotated[dt.datetime | None, Lookup("datetime")] = None
            among: Annotated[list[dt.datetime] | None, Lookup("datetime")] = None
            until: Annotated[dt.datetime | None, Lookup("datetime", operator="<=")] = (
                None
            )
            weight: Annotated[float | None, Lookup("digits", operator=">")] = None
            amount: Annotated[Decimal | None, Lookup("monetary", operator=">")] = None
            whole: Annotated[int | None, Lookup("digits", operator=">")] = None

        for values in (
            {"at": last},
            {"among": [last]},
            {"weight": 1e308},
            {"weight": -1e308},
            {"amount": Decimal("1e308")},
            {"amount": Decimal("1e999")},
            {"whole": 10**400},
        ):
            with self.subTest(values), self.assertRaises(exceptions.ValidationError):
                Range(**values).to_domain()
        self.items[0].datetime = last
        for values, count in (
            ({"until": last}, 1),
            ({"at": last - dt.timedelta(seconds=1)}, 0),
            ({"weight": 1e280}, 0),
            ({"whole": -(10**200)}, 7),
        ):
            with self.subTest(values):
                domain = Range(**values).to_domain() & self.domain
                page = search_page(self.model, domain, None, paging(), Item)
                self.assertEqual(page.count, count)

    def test_one_dependency_for_a_schema(self):
        class Other(ItemFilter):
            pass

        self.assertIs(filtering(ItemFilter), filtering(ItemFilter))
        self.assertIsNot(filtering(ItemFilter), filtering(Other))
        self.assertIs(type(filtering(Other)()), Other)

    def test_required(self):
        class Required(FilterSchema):
            name: str

        with self.assertRaises(ValidationError):
            Required()


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

    def test_changes_meanwhile(self):
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

    def test_fields_that_can_not_sort(self):
        for name in ("partner_id", "child_ids", "computed", "nothing", "html"):
            with self.assertRaisesRegex(ValueError, f"can't sort .* by '{name}'"):
                search_cursor_page(
                    self.model,
                    None,
                    Sort(((name, False),)),
                    CursorPaging(limit=3),
                    Item,
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
        # in the form that the documentation has for all of these
        for response in responses:
            self.assertIn("msg", response.json()["detail"][0])

    def test_values_that_postgresql_has_not(self):
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


class TestInput(ListCase):
    """Input that pydantic takes and PostgreSQL doesn't."""

    def test_refused(self):
        class Input(RecordSchema):
            name: str = ""
            integer: int = 0
            digits: float = 0.0
            monetary: Decimal = Decimal(0)
            selection: str = ""
            reference: str = ""
            datetime: AwareDatetime | None = None
            parent_id: int = 0

        for values in (
            {"name": "a\0"},
            {"integer": 2**31},
            {"digits": "inf"},
            {"selection": "none"},
            {"reference": "res.users,1"},
            {"reference": "res.partner,x"},
            {"reference": "res.partner,999999999999"},
            {"datetime": "9999-12-31T23:59:59-02:00"},
            {"parent_id": 2**70},
        ):
            with self.subTest(values), self.assertRaises(exceptions.ValidationError):
                Input(**values).to_vals(self.model)
