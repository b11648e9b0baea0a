# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=method-required-super
"""Values that schemas read, for every type of field."""

import base64
import datetime as dt
import enum
import json
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Base64Bytes

from odoo.tools import SQL

from odoo.addons.fastapi.records import BinaryLink, RecordSchema, Reference, Source

from .record_case import PIXEL, Country, Partner, RecordCase, Typed


class Level(enum.Enum):
    low = "low"
    high = "high"


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

    def test_links_change_with_the_content(self):
        class Links(RecordSchema):
            binary: BinaryLink | None
            partner_image: BinaryLink | None

        def read(records):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            links = Links.from_records(records)
            return links, self.env.cr.sql_log_count - before

        def touch(records):
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET write_date = write_date + interval '1 ms' "
                    "WHERE id IN %s",
                    SQL.identifier(records._table),
                    records._ids,
                )
            )

        records = self.full | self.full.copy({"partner_id": self.partners[1].id})
        self.partners.image_1920 = PIXEL
        self.env.flush_all()
        self.forbid("res.partner", [("id", "not in", self.partners.ids)])
        records = records.with_user(self.user)
        read(records)  # fills caches
        links, count = read(records)
        self.assertEqual(count, read(records[0])[1])
        touch(self.partners)
        after_partners, _count = read(records)
        touch(records)
        after_all, _count = read(records)
        for first, second, third in zip(links, after_partners, after_all, strict=True):
            self.assertEqual(first.binary, second.binary)
            self.assertNotEqual(second.binary, third.binary)
            self.assertNotEqual(first.partner_image, second.partner_image)

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

    def test_references_to_models_that_are_gone(self):
        class Stored(RecordSchema):
            reference: str | None
            res_id: int | None

        for model in ("no.model", "base"):
            self.env.cr.execute(
                "UPDATE test_fastapi_typed SET reference = %s, res_model = %s "
                "WHERE id = %s",
                [f"{model},1", model, self.full.id],
            )
            self.env.invalidate_all()
            typed = Typed.from_records(self.full | self.empty)[0]
            self.assertEqual((typed.reference, typed.res_id), (None, None))
            stored = Stored.model_validate(self.full)
            self.assertEqual(stored.reference, f"{model},1")
            self.assertEqual(stored.res_id, self.full.res_id)

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
