# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=method-required-super
"""Rights on what schemas read, and the number of queries."""

from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime

from odoo.exceptions import AccessError, MissingError
from odoo.tools import mute_logger

from odoo.addons.fastapi.records import RecordSchema, Reference, Source

from .record_case import Partner, RecordCase, Typed
from .test_records import Partner_


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
        # the records, and the rounding of their currencies
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

    def test_queries_do_not_depend_on_the_number_of_records(self):
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
