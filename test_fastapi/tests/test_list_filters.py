# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=method-required-super
"""Filters of lists."""

import datetime as dt
import itertools
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import (
    AliasChoices,
    AliasPath,
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Field,
    Json,
    ValidationError,
)

from odoo import exceptions
from odoo.fields import Domain

from odoo.addons.fastapi.dependencies import paging
from odoo.addons.fastapi.records import (
    FilterSchema,
    Lookup,
    RecordSchema,
    filtering,
    search_page,
)

from .list_case import Item, ItemFilter, ListCase


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

    def test_values_that_postgresql_refuses(self):
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

    def get(self, schema, *queries):
        """Return the filters that a route gets, and the documented parameters."""
        router = APIRouter()

        @router.get("/items")
        def get_items(
            filter: Annotated[schema, Depends(filtering(schema))],
        ) -> dict:
            return filter.model_dump(exclude_unset=True) | {"all": filter.model_dump()}

        with self._create_test_client(router=router) as client:
            responses = [client.get(f"/items{query}") for query in queries]
            operation = client.get("/openapi.json").json()["paths"]["/items"]["get"]
        self.assertEqual({response.status_code for response in responses}, {200})
        return [response.json() for response in responses], operation["parameters"]

    def test_default_factories(self):
        numbers = itertools.count()

        class Made(FilterSchema):
            number: int = Field(default_factory=lambda: next(numbers))
            double: int = Field(default_factory=lambda data: 2 * data["number"])

        values, parameters = self.get(Made, "", "?number=9", "")
        found = [(item["all"]["number"], item["all"]["double"]) for item in values]
        self.assertEqual(found, [(0, 0), (9, 18), (1, 2)])
        for parameter in parameters:
            self.assertFalse(parameter["required"])
            self.assertNotIn("default", parameter["schema"])

    def test_only_what_was_sent_is_validated(self):
        class Sent(FilterSchema):
            number: int = None
            labels: list[str] = ["a"]
            is_true: bool = Field(True, alias="isTrue")

        (nothing, some), parameters = self.get(
            Sent, "", "?number=0&labels=b&labels=c&isTrue=true"
        )
        default = {"number": None, "labels": ["a"], "is_true": True}
        self.assertEqual(nothing, {"all": default})
        sent = {"number": 0, "labels": ["b", "c"], "is_true": True}
        self.assertEqual(some, sent | {"all": sent})
        defaults = [parameter["schema"].get("default") for parameter in parameters]
        self.assertEqual(defaults, [None, ["a"], True])

    def test_each_value_is_converted_once(self):
        class Listed(FilterSchema):
            numbers: Annotated[
                list[int] | None, BeforeValidator(lambda texts: texts[0].split(","))
            ] = None
            data: Json[int] | None = None

        ((values,), _parameters) = self.get(Listed, "?numbers=1,2&data=3")
        self.assertEqual(values["all"], {"numbers": [1, 2], "data": 3})

    def test_aliases(self):
        class Named(FilterSchema):
            model_config = ConfigDict(validate_by_alias=False, validate_by_name=True)

            number: int | None = Field(None, alias="integer")

        ((values,), _parameters) = self.get(Named, "?integer=3")
        self.assertEqual(values["all"], {"number": 3})
        for alias in (AliasChoices("a", "b"), AliasPath("a", 0)):

            class Chosen(FilterSchema):
                number: int | None = Field(None, validation_alias=alias)

            with self.assertRaisesRegex(TypeError, r"Chosen\.number .*Alias"):
                filtering(Chosen)


class TestInput(ListCase):
    """Input that pydantic accepts and PostgreSQL refuses."""

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
