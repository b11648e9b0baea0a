# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=method-required-super
"""Classes of schemas, and schemas in routes."""

import json
from typing import Annotated, Generic, TypeVar
from unittest.mock import patch

from fastapi import APIRouter, Depends
from fastapi.exceptions import ResponseValidationError
from pydantic import BaseModel, Field, ValidationError, field_validator

from odoo.api import Environment

from odoo.addons.fastapi.app.error_log import describe_error
from odoo.addons.fastapi.dependencies import odoo_env
from odoo.addons.fastapi.records import RecordSchema, Reference, Source, rows
from odoo.addons.fastapi.schemas import PagedCollection

from .record_case import Partner, RecordCase, Typed

T = TypeVar("T")


class Early(RecordSchema):
    parent_id: "Late | None"
    child_ids: "list[Late]"


class Late(RecordSchema):
    name: str


class TestSchemas(RecordCase):
    def test_names_of_fields(self):
        class Renamed(RecordSchema):
            label: Annotated[str, Source("name")]
            country: Annotated[str | None, Source("partner_id.country_id.code")]
            partner: Partner | None = Field(alias="partner_id")
            company: Annotated[str | None, Source("by_company")]
            boolean: bool = Field(alias="isTrue")
            children: Annotated[list[str], Source("child_ids.name")]
            model: Annotated[str, Source("_name")]
            other: str = "default"

        found = Renamed.from_records(self.full | self.empty)
        self.assertEqual(
            found[0].model_dump(include={"label", "partner", "company", "boolean"}),
            {
                "label": "Full",
                "partner": Partner.model_validate(self.partners[0]).model_dump(),
                "company": "mine",
                "boolean": True,
            },
        )
        self.assertEqual(
            [(r.country, r.children, r.model, r.other) for r in found],
            [
                ("BE", ["First", "Second"], "test.fastapi.typed", "default"),
                (None, ["Full"], "test.fastapi.typed", "default"),
            ],
        )

    def test_one_field_read_in_two_ways(self):
        class Two(RecordSchema):
            partner_id: int | None
            partner: Annotated[Partner | None, Source("partner_id")]

        two = Two.model_validate(self.full)
        self.assertEqual(two.partner_id, two.partner.id)

    def test_validators(self):
        class Loud(RecordSchema):
            name: str

            @field_validator("name")
            @classmethod
            def shout(cls, value):
                return value.upper()

        self.assertEqual(Loud.model_validate(self.full).name, "FULL")

    def test_schema_of_itself(self):
        class Tree(RecordSchema):
            name: str
            child_ids: "list[Tree]"

        tree = Tree.model_validate(self.empty)
        self.assertEqual(
            tree.model_dump(),
            {
                "name": "Empty",
                "child_ids": [
                    {
                        "name": "Full",
                        "child_ids": [
                            {"name": "First", "child_ids": []},
                            {"name": "Second", "child_ids": []},
                        ],
                    }
                ],
            },
        )

    def test_schema_defined_later(self):
        domain = [("id", "=", self.full.id)]
        (early,) = Early.from_search(self.model, domain)
        self.assertEqual(early.parent_id.name, "Empty")
        self.assertEqual([late.name for late in early.child_ids], ["First", "Second"])

    def test_generic(self):
        class Box(RecordSchema, Generic[T]):
            partner_id: T

        self.assertEqual(
            Box[Partner].model_validate(self.full).partner_id.email, "al@example.com"
        )
        self.assertEqual(
            Box[int].model_validate(self.full).partner_id, self.partners[0].id
        )

    def test_inherited(self):
        class More(Partner):
            display_name: str

        Partner.from_records(self.partners)
        self.assertEqual(More.from_records(self.partners)[1].display_name, "Jo")

    def test_other_input(self):
        values = {"id": 1, "name": "x", "email": None, "country_id": None}
        partner = Partner.model_validate(values)
        self.assertEqual(Partner.model_validate(partner), partner)
        self.assertEqual(Partner.model_validate_json(json.dumps(values)), partner)
        self.assertEqual(Partner(**values), partner)

    def test_field_that_the_model_does_not_have(self):
        class Wrong(RecordSchema):
            colour: str

        with self.assertRaisesRegex(
            ValidationError, "test.fastapi.typed has no field 'colour', which Wrong"
        ):
            Wrong.model_validate(self.full)

    def test_methods_are_not_read(self):
        class Wrong(RecordSchema):
            unlink: str

        with self.assertRaisesRegex(ValidationError, "has no field 'unlink'"):
            Wrong.model_validate(self.full)

    def test_unsuitable_annotation(self):
        class Plain(BaseModel):
            name: str

        for name, annotation in (
            ("partner_id", Plain),
            ("partner_id", str),
            ("child_ids", list[dict]),
            ("reference", bool),
        ):
            with self.subTest(name, annotation=annotation):
                wrong = type(
                    "Wrong", (RecordSchema,), {"__annotations__": {name: annotation}}
                )
                with self.assertRaisesRegex(ValidationError, f"'{name}' is annotated"):
                    wrong.model_validate(self.full)

    def test_no_record_or_several(self):
        for records in (self.model, self.full | self.empty):
            with self.assertRaisesRegex(ValidationError, "Typed is made of one record"):
                Typed.model_validate(records)


class Partner_(RecordSchema):
    name: str
    partner_id: Partner | None


class TestRoutes(RecordCase):
    """Return values of handlers, as FastAPI serves them."""

    def serve(self, handler, annotation, **kwargs):
        router = APIRouter()
        router.add_api_route("/", handler, response_model=annotation)
        with self._create_test_client(
            router=router, raise_server_exceptions=False, **kwargs
        ) as client:
            return client.get("/")

    def test_record(self):
        response = self.serve(lambda: self.partners[0], Partner)
        self.assertEqual(
            response.json(),
            {
                "id": self.partners[0].id,
                "name": "Al",
                "email": "al@example.com",
                "country_id": {"code": "BE", "name": "Belgium"},
            },
        )

    def test_records(self):
        expected = [p.model_dump() for p in Partner.from_records(self.partners)]
        for records, annotation in (
            (self.partners, list[Partner]),
            (Partner.from_records(self.partners), list[Partner]),
            ({"all": self.partners}, dict[str, list[Partner]]),
            ({"count": 2, "items": self.partners}, PagedCollection[Partner]),
        ):
            with self.subTest(annotation=annotation):
                found = self.serve(lambda: records, annotation).json()  # noqa: B023
                if isinstance(found, dict):
                    found = found.get("all") or found["items"]
                self.assertEqual(found, expected)
        self.assertEqual(self.serve(lambda: self.model, list[Typed]).json(), [])

    def test_records_are_read_together(self):
        page = {"count": 2, "items": self.partners}
        for endpoint, annotation in (
            (lambda: self.partners, list[Reference]),
            (self.get_partners, list[Reference]),
            (lambda: page, PagedCollection[Reference]),
            (lambda: PagedCollection[Reference](**page), PagedCollection[Reference]),
        ):
            with patch.object(rows, "_fetch", wraps=rows._fetch) as fetch:
                found = self.serve(endpoint, annotation).json()
            items = found["items"] if isinstance(found, dict) else found
            self.assertEqual([item["display_name"] for item in items], ["Al", "Jo"])
            fetch.assert_called_once()

    async def get_partners(self, env: Annotated[Environment, Depends(odoo_env)]):
        return self.partners.with_env(env)

    def test_records_in_few_queries(self):
        def handler():
            self.env.invalidate_all()
            with self.assertQueryCount(2):
                return Partner.from_records(self.partners)

        self.assertEqual(self.serve(handler, list[Partner]).status_code, 200)

    def test_access_error(self):
        self.forbid("res.partner", [("id", "!=", self.partners[0].id)])

        def record():
            return self.full.with_user(self.user)

        class Related(RecordSchema):
            partner_id: Reference | None

        class Outer(BaseModel):
            inner: Related

        for handler, annotation in (
            (record, Related),
            (lambda: [record()], list[Related]),
            (lambda: {"inner": record()}, Outer),
            (lambda: Related.from_records(record()), list[Related]),
            (lambda: self.partners.with_user(self.user), list[Reference]),
        ):
            with self.subTest(annotation=annotation):
                response = self.serve(handler, annotation)
                self.assertEqual(response.status_code, 403, response.text)

    def test_message_of_an_unreadable_value(self):
        class Wrong(RecordSchema):
            colour: str

        class Plain(BaseModel):
            email: str

        for annotation, said, unsaid in (
            (Wrong, "has no field 'colour'", "RecordSchema of"),
            (Plain, "A RecordSchema of odoo.addons.fastapi.records", "has no field"),
        ):
            router = APIRouter()
            router.add_api_route(
                "/", lambda: self.partners[1], response_model=annotation
            )
            text = ""
            try:
                with self._create_test_client(router=router) as client:
                    client.get("/")
            except ResponseValidationError as err:  # assertRaises clears its frames
                text = describe_error(err, None)
            self.assertIn(said, text)
            self.assertNotIn(unsaid, text)

    def test_documentation(self):
        properties = Typed.model_json_schema(mode="serialization")["properties"]
        self.assertEqual(
            properties["datetime"]["anyOf"][0],
            {"type": "string", "format": "date-time"},
        )
        self.assertEqual(
            properties["partner_id"]["anyOf"][0], {"$ref": "#/$defs/Partner"}
        )
