# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=method-required-super
"""Schemas that read records of every type of field."""

import base64
import datetime as dt
import enum
import json
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, TypeVar

from fastapi import APIRouter
from fastapi.exceptions import ResponseValidationError
from pydantic import (
    AwareDatetime,
    Base64Bytes,
    BaseModel,
    Field,
    ValidationError,
    field_validator,
)

from odoo.exceptions import AccessError, MissingError
from odoo.fields import Command
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.fastapi.app.error_log import describe_error
from odoo.addons.fastapi.records import (
    BinaryLink,
    ModelReference,
    RecordSchema,
    Reference,
    Source,
)
from odoo.addons.fastapi.schemas import PagedCollection
from odoo.addons.fastapi.tests.common import FastAPITransactionCase

T = TypeVar("T")
PIXEL = (
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    b"awAAAABJRU5ErkJggg=="
)


class Level(enum.Enum):
    low = "low"
    high = "high"


class Country(RecordSchema):
    code: str | None
    name: str


class Partner(RecordSchema):
    id: int
    name: str
    email: str | None
    country_id: Country | None


class Typed(RecordSchema):
    id: int
    name: str
    title: str | None
    text: str | None
    html: str | None
    boolean: bool
    integer: int
    float: float
    digits: Decimal
    monetary: Decimal
    date: dt.date | None
    datetime: AwareDatetime | None
    selection: Literal["low", "high"] | None
    binary: bytes | None
    column_binary: Base64Bytes | None
    image: BinaryLink | None
    json_: Annotated[Any, Source("json")]
    by_company: str | None
    partner_id: Partner | None
    parent_id: int | None
    child_ids: list[int]
    partner_ids: list[Reference]
    reference: ModelReference | None
    res_id: ModelReference | None
    properties: dict[str, Any]
    computed: str


class Early(RecordSchema):
    parent_id: "Late | None"
    child_ids: "list[Late]"


class Late(RecordSchema):
    name: str


class RecordCase(FastAPITransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(cls.env, "records", groups="base.group_user")
        cls.country = cls.env.ref("base.be")
        cls.partners = cls.env["res.partner"].create(
            [
                {"name": "Al", "email": "al@example.com", "country_id": cls.country.id},
                {"name": "Jo"},
            ]
        )
        cls.model = cls.env["test.fastapi.typed"]
        cls.empty = cls.model.create({"name": "Empty"})
        cls.full = cls.model.create(
            {
                "name": "Full",
                "title": "Title",
                "text": "Text",
                "html": "<p>Html</p>",
                "boolean": True,
                "integer": 7,
                "float": 0.1,
                "digits": 0.1,
                "currency_id": cls.env.ref("base.EUR").id,
                "monetary": 1234.5,
                "date": dt.date(2026, 1, 2),
                "datetime": dt.datetime(2026, 1, 2, 3, 4, 5),
                "selection": "high",
                "binary": base64.b64encode(b"content"),
                "column_binary": base64.b64encode(b"column"),
                "image": PIXEL,
                "json": {"a": [1]},
                "by_company": "mine",
                "partner_id": cls.partners[0].id,
                "parent_id": cls.empty.id,
                "child_ids": [
                    Command.create({"name": "First"}),
                    Command.create({"name": "Second"}),
                ],
                "partner_ids": [Command.set(cls.partners.ids)],
                "reference": f"res.partner,{cls.partners[1].id}",
                "res_model": "res.partner",
                "res_id": cls.partners[0].id,
            }
        )
        cls.env.flush_all()

    def forbid(self, model, domain):
        """Let the user read only some records of a model."""
        self.env["ir.rule"].create(
            {
                "name": "Test",
                "model_id": self.env["ir.model"]._get_id(model),
                "domain_force": repr(domain),
            }
        )


class TestValues(RecordCase):
    def test_empty_fields(self):
        typed = Typed.model_validate(self.empty)
        empty = {
            name: value
            for name, value in typed.model_dump().items()
            if name not in ("id", "name", "computed", "child_ids")
        }
        self.assertEqual(
            empty,
            {
                **dict.fromkeys(empty),
                "boolean": False,
                "integer": 0,
                "float": 0.0,
                "digits": Decimal("0.00"),
                "monetary": Decimal("0.0"),
                "partner_ids": [],
                "properties": {},
            },
        )

    def test_set_fields(self):
        al, jo = self.partners
        self.env.invalidate_all()
        typed = Typed.model_validate(self.full)
        self.assertEqual(
            typed.model_dump(exclude={"image", "column_binary"}),
            {
                "id": self.full.id,
                "name": "Full",
                "title": "Title",
                "text": "Text",
                "html": "<p>Html</p>",
                "boolean": True,
                "integer": 7,
                "float": 0.1,
                "digits": Decimal("0.10"),
                "monetary": Decimal("1234.50"),
                "date": dt.date(2026, 1, 2),
                "datetime": dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.timezone.utc),
                "selection": "high",
                "binary": base64.b64encode(b"content"),
                "json_": {"a": [1]},
                "by_company": "mine",
                "partner_id": {
                    "id": al.id,
                    "name": "Al",
                    "email": "al@example.com",
                    "country_id": {"code": "BE", "name": "Belgium"},
                },
                "parent_id": self.empty.id,
                "child_ids": self.full.child_ids.ids,
                "partner_ids": [
                    {"id": al.id, "display_name": "Al"},
                    {"id": jo.id, "display_name": "Jo"},
                ],
                "reference": {
                    "id": jo.id,
                    "display_name": "Jo",
                    "model": "res.partner",
                },
                "res_id": {
                    "id": al.id,
                    "display_name": "Al",
                    "model": "res.partner",
                },
                "properties": {},
                "computed": "Full!",
            },
        )
        self.assertIs(type(typed.html), str)
        self.assertEqual(typed.column_binary, b"column")

    def test_json(self):
        content = json.loads(Typed.model_validate(self.full).model_dump_json())
        self.assertEqual(content["datetime"], "2026-01-02T03:04:05Z")
        self.assertEqual(content["monetary"], "1234.50")
        self.assertEqual(base64.b64decode(content["binary"]), b"content")

    def test_one_by_one_is_like_all_together(self):
        records = self.full | self.empty | self.full.child_ids
        together = Typed.from_records(records)
        self.env.invalidate_all()
        self.assertEqual([Typed.model_validate(record) for record in records], together)
        self.assertEqual([typed.id for typed in together], records.ids)

    def test_search_is_like_records(self):
        domain = [("id", "in", (self.full | self.empty).ids)]
        found = Typed.from_search(self.model, domain, order="name desc", limit=1)
        self.assertEqual(found, Typed.from_records(self.full))
        self.assertEqual(Typed.from_search(self.model, domain, offset=2), [])

    def test_no_records(self):
        self.assertEqual(Typed.from_records(self.model), [])

    def test_pending_changes_are_read(self):
        self.full.write({"name": "Changed", "partner_id": self.partners[1].id})
        typed = Typed.model_validate(self.full)
        self.assertEqual((typed.name, typed.partner_id.name), ("Changed", "Jo"))

    def test_pending_computations_are_read(self):
        class Item(RecordSchema):
            flushed_by_id: int | None

        item = self.env["test.fastapi.item"].create({"name": "x", "quantity": 3})
        self.assertEqual(Item.model_validate(item).flushed_by_id, self.env.uid)

    def test_new_records(self):
        class Name(RecordSchema):
            name: str
            integer: int
            partner_id: Partner | None

        record = self.model.new({"name": "new", "partner_id": self.partners[0].id})
        name = Name.model_validate(record)
        self.assertEqual(
            (name.name, name.integer, name.partner_id.name), ("new", 0, "Al")
        )

    def test_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.full.with_context(lang="fr_FR").title = "Titre"

        class Title(RecordSchema):
            title: str | None

        self.env.flush_all()
        for lang, title in (("fr_FR", "Titre"), ("en_US", "Title")):
            for context in ({}, {"prefetch_langs": True}):
                with self.subTest(lang, **context):
                    self.env.invalidate_all()
                    record = self.full.with_context(lang=lang, **context)
                    self.assertEqual(Title.model_validate(record).title, title)

    def test_company(self):
        other = self.env["res.company"].create({"name": "Other"})

        class Mine(RecordSchema):
            by_company: str | None

        self.assertEqual(Mine.model_validate(self.full).by_company, "mine")
        record = self.full.with_company(other)
        self.assertIsNone(Mine.model_validate(record).by_company)

    def test_monetary_is_rounded_by_its_currency(self):
        yen = self.env.ref("base.JPY")
        self.empty.write({"currency_id": yen.id, "monetary": 1234.0})

        class Amount(RecordSchema):
            monetary: Decimal
            amount: Annotated[float, Source("monetary")]

        amounts = Amount.from_records(self.full | self.empty)
        self.assertEqual(
            [(str(amount.monetary), amount.amount) for amount in amounts],
            [("1234.50", 1234.5), ("1234", 1234.0)],
        )

    def test_links_of_binaries(self):
        class Links(RecordSchema):
            binary: BinaryLink | None
            image: BinaryLink | None

        self.env.invalidate_all()
        links = Links.model_validate(self.full)
        start = f"test.fastapi.typed/{self.full.id}"
        self.assertRegex(links.binary, rf"^/web/content/{start}/binary\?unique=\d+$")
        self.assertRegex(links.image, rf"^/web/image/{start}/image\?unique=\d+$")
        self.assertIsNone(Links.model_validate(self.empty).image)
        link = Links.model_json_schema()["properties"]["image"]["anyOf"][0]
        self.assertEqual(link, {"type": "string", "format": "uri-reference"})

    def test_raw_bytes(self):
        class Content(RecordSchema):
            column_binary: Base64Bytes
            binary: str

        content = Content.model_validate(self.full)
        self.assertEqual(content.column_binary, b"column")
        self.assertEqual(content.binary, base64.b64encode(b"content").decode())

    def test_properties(self):
        self.empty.properties_definition = [
            {"name": "size", "type": "integer", "string": "Size"},
            {"name": "owner", "type": "many2one", "comodel": "res.partner"},
            {"name": "note", "type": "char", "string": "Note"},
        ]
        owner = self.partners[0]
        self.full.properties = {"size": 3, "owner": owner.id}

        class Values(RecordSchema):
            properties: dict[str, Any]

        class Definitions(RecordSchema):
            properties: list[dict[str, Any]]

        self.assertEqual(
            Values.model_validate(self.full).properties,
            {"size": 3, "owner": owner.id, "note": None},
        )
        size, reader, note = Definitions.model_validate(self.full).properties
        self.assertEqual((size["string"], size["value"]), ("Size", 3))
        self.assertEqual(tuple(reader["value"]), (owner.id, "Al"))
        self.assertIsNone(note["value"])
        self.assertEqual(Values.model_validate(self.empty).properties, {})

    def test_reference_to_a_record_without_a_name(self):
        self.env.cr.execute(
            "UPDATE test_fastapi_typed SET name = '' WHERE id = %s", [self.empty.id]
        )
        self.env.invalidate_all()
        self.assertEqual(Reference.model_validate(self.empty).display_name, "")

    def test_references_as_stored(self):
        class Stored(RecordSchema):
            reference: str | None
            res_id: int | None

        stored = Stored.model_validate(self.full)
        self.assertEqual(stored.reference, f"res.partner,{self.partners[1].id}")
        self.assertEqual(stored.res_id, self.partners[0].id)
        stored = Stored.model_validate(self.empty)
        self.assertEqual((stored.reference, stored.res_id), (None, None))

    def test_references_to_deleted_records(self):
        self.partners.unlink()
        self.full.invalidate_recordset()
        typed = Typed.model_validate(self.full)
        self.assertEqual((typed.reference, typed.res_id), (None, None))

    def test_references_of_several_models(self):
        class Currency(RecordSchema):
            symbol: str

        class Any_(RecordSchema):
            reference: Currency | Country | None

        euro = self.env.ref("base.EUR")
        self.full.reference = f"res.currency,{euro.id}"
        self.assertEqual(Any_.model_validate(self.full).reference.symbol, "€")

    def test_enum(self):
        class Leveled(RecordSchema):
            selection: Level | None

        self.assertIs(Leveled.model_validate(self.full).selection, Level.high)


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

    def test_a_field_in_two_ways(self):
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

    def test_schema_that_is_defined_later(self):
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

    def test_field_that_the_model_has_not(self):
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

    def test_annotation_that_a_field_can_not_be(self):
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

    def test_not_one_record(self):
        for records in (self.model, self.full | self.empty):
            with self.assertRaisesRegex(ValidationError, "Typed is made of one record"):
                Typed.model_validate(records)


class TestRights(RecordCase):
    def read(self, schema, records):
        """Return the ways to read records."""
        return (
            lambda: schema.from_records(records),
            lambda: [schema.model_validate(record) for record in records],
            lambda: schema.from_search(records.browse(), [("id", "in", records.ids)]),
        )

    def test_group_of_a_field(self):
        class Secret(RecordSchema):
            secret: str | None

        self.assertIsNone(Secret.model_validate(self.full).secret)
        for read in self.read(Secret, self.full.with_user(self.user)):
            with self.assertRaises(AccessError), mute_logger("odoo.models"):
                read()

    def test_record_rule(self):
        class Name(RecordSchema):
            name: str

        self.forbid("test.fastapi.typed", [("id", "!=", self.full.id)])
        self.assertEqual(self.full.name, "Full")  # in the cache now
        records = (self.full | self.empty).with_user(self.user)
        self.assertEqual(Name.model_validate(records[1]).name, "Empty")
        for read in self.read(Name, records)[:2]:
            with self.assertRaises(AccessError):
                read()
        domain = [("id", "in", records.ids)]
        self.assertEqual(len(Name.from_search(records.browse(), domain)), 1)

    def test_record_rule_of_a_related_record(self):
        self.forbid("res.partner", [("id", "not in", self.partners.ids)])
        self.assertEqual(self.partners.mapped("name"), ["Al", "Jo"])

        class Id(RecordSchema):
            partner_id: int | None

        class Path(RecordSchema):
            name: Annotated[str, Source("partner_id.name")]

        class Related(RecordSchema):
            partner_id: Reference | None

        record = self.full.with_user(self.user)
        self.assertEqual(Id.model_validate(record).partner_id, self.partners[0].id)
        for schema in (Related, Path):
            for read in self.read(schema, record):
                with self.assertRaises(AccessError):
                    read()

    def test_model_without_access(self):
        class Rule(RecordSchema):
            name: str | None

        rules = self.env["ir.rule"].search([], limit=2).with_user(self.user)
        for read in self.read(Rule, rules):
            with self.assertRaises(AccessError):
                read()

    def test_deleted_record(self):
        self.full.unlink()
        with self.assertRaises(MissingError):
            Typed.model_validate(self.full)


class TestQueries(RecordCase):
    def test_search_with_columns(self):
        class Plain(RecordSchema):
            id: int
            name: str
            title: str | None
            integer: int
            datetime: AwareDatetime | None
            partner_id: int | None
            monetary: Decimal
            selection: str | None

        domain = [("id", "in", (self.full | self.empty).ids)]
        model = self.model.with_user(self.user)
        Plain.from_search(model, domain)  # rights are cached
        self.env.invalidate_all()
        # the records, and how their currencies round
        with self.assertQueryCount(2):
            Plain.from_search(model, domain)
        self.env.invalidate_all()
        records = model.search(domain)
        with self.assertQueryCount(2):
            Plain.from_records(records)

    def test_related_records(self):
        class Child(RecordSchema):
            name: str
            partner_id: Partner | None

        class Parent(RecordSchema):
            name: str
            child_ids: list[Child]
            partner_ids: list[Reference]

        self.full.child_ids.partner_id = self.partners[0]
        records = self.full | self.empty
        expected = Parent.from_records(records)
        for read in (
            lambda: Parent.from_records(records),
            lambda: [Parent.model_validate(record) for record in records],
        ):
            self.env.flush_all()
            self.env.invalidate_all()
            # parents, children, link table, children's columns, partners of the
            # children and of the parents, countries
            with self.assertQueryCount(7):
                self.assertEqual(read(), expected)

    def test_number_of_records_does_not_count(self):
        self.model.create(
            [{"name": str(i), "partner_id": self.partners[0].id} for i in range(50)]
        )
        self.env.flush_all()
        for limit in (2, 50):
            self.env.invalidate_all()
            records = self.model.search([], limit=limit, order="id desc")
            with self.assertQueryCount(3):
                Partner_.from_records(records)

    def test_paths_share_a_query(self):
        class Paths(RecordSchema):
            name: Annotated[str, Source("partner_id.name")]
            email: Annotated[str | None, Source("partner_id.email")]

        self.env.invalidate_all()
        with self.assertQueryCount(2):
            Paths.model_validate(self.full)

    def test_only_the_fields_of_the_schema(self):
        class Name(RecordSchema):
            name: str

        self.env.invalidate_all()
        Name.from_search(self.model, [("id", "=", self.full.id)])
        field = self.model._fields["text"]
        self.assertNotIn(self.full.id, field._get_cache(self.env))


class Partner_(RecordSchema):
    name: str
    partner_id: Partner | None


class TestRoutes(RecordCase):
    """What handlers return, as FastAPI serves it."""

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

    def test_what_can_not_be_read_is_said(self):
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
