# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Schemas made from a model."""

import base64
import datetime as dt
from decimal import Decimal
from typing import Any
from unittest.mock import patch

from fastapi import APIRouter
from pydantic import ValidationError

from odoo import exceptions
from odoo.fields import Command

from odoo.addons.fastapi.records import RecordSchema, Reference, schema_from

from .record_case import RecordCase

NAMES = (
    *("id", "name", "title", "text", "html", "boolean", "integer", "float", "digits"),
    *("currency_id", "monetary", "date", "datetime", "selection", "binary", "json"),
    *("by_company", "parent_id", "partner_ids", "reference", "res_id", "properties"),
    "computed",
)


class TestSchemaFrom(RecordCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Child = schema_from(cls.model, "id", "name", "integer", schema_name="Child")
        cls.Typed = schema_from(cls.model, *NAMES, child_ids=cls.Child)

    def test_reads_records(self):
        full, empty = self.Typed.from_records(self.full | self.empty)
        self.assertEqual(full.monetary, Decimal("1234.50"))
        self.assertEqual(full.parent_id.display_name, "Empty")
        self.assertEqual([child.name for child in full.child_ids], ["First", "Second"])
        self.assertEqual(full.binary[:13], "/web/content/")
        self.assertEqual(full.reference.model, "res.partner")
        self.assertEqual(full.json_, {"a": [1]})
        self.assertIsNone(empty.selection)
        self.assertEqual(empty.partner_ids, [])

    def test_documentation(self):
        document = self.Typed.model_json_schema(mode="serialization")
        self.assertEqual(document["title"], "TestFastapiTyped")
        properties = document["properties"]
        self.assertEqual(
            properties["name"],
            {"title": "Name", "type": "string", "description": "What it is called."},
        )
        self.assertEqual(properties["float"], {"title": "Weight", "type": "number"})
        self.assertEqual(
            properties["selection"]["anyOf"],
            [{"enum": ["low", "high"], "type": "string"}, {"type": "null"}],
        )
        self.assertEqual(list(properties), [*NAMES, "child_ids"])
        self.assertEqual(document["required"], list(properties))

    def test_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        schema = schema_from(
            self.env["res.partner"].with_context(lang="fr_FR"), "create_date"
        )
        title = schema.model_fields["create_date"].title
        field = (
            self.env["res.partner"]
            .with_context(lang="fr_FR")
            .fields_get(["create_date"])
        )
        self.assertEqual(title, field["create_date"]["string"])

    def test_types_of_related_records(self):
        class Currency(RecordSchema):
            symbol: str

        schema = schema_from(
            self.model, currency_id=Currency, partner_ids=int, parent_id=int
        )
        typed = schema.model_validate(self.full)
        self.assertEqual(typed.currency_id.symbol, "€")
        self.assertEqual(typed.partner_ids, self.partners.ids)
        self.assertEqual(typed.parent_id, self.empty.id)

    def test_names(self):
        with self.assertRaisesRegex(ValueError, "has no field 'colour'"):
            schema_from(self.model, "colour")
        with self.assertRaisesRegex(ValueError, "Name the fields"):
            schema_from(self.model)
        with self.assertRaisesRegex(ValueError, "has no field 'image'"):
            self.Typed.for_create("image")

    def test_create(self):
        Create = self.Typed.for_create()
        document = Create.model_json_schema()
        self.assertEqual(document["title"], "TestFastapiTypedCreate")
        self.assertEqual(document["required"], ["name"])
        self.assertNotIn("id", document["properties"])
        self.assertNotIn("computed", document["properties"])
        values = Create.model_validate(
            {
                "name": "New",
                "text": None,
                "boolean": True,
                "monetary": "12.5",
                "currency_id": self.env.ref("base.EUR").id,
                "datetime": "2026-01-02T05:04:05+02:00",
                "date": "2026-01-02",
                "selection": "low",
                "binary": base64.b64encode(b"content").decode(),
                "json": {"a": 1},
                "parent_id": self.empty.id,
                "partner_ids": self.partners.ids,
                "reference": f"res.partner,{self.partners[0].id}",
                "child_ids": [{"name": "Child", "integer": 3}],
                "properties": {"undefined": 1},
            }
        )
        vals = values.to_vals(self.model)
        self.assertEqual(
            vals,
            {
                "name": "New",
                "text": False,
                "boolean": True,
                "monetary": 12.5,
                "currency_id": self.env.ref("base.EUR").id,
                "datetime": dt.datetime(2026, 1, 2, 3, 4, 5),
                "date": dt.date(2026, 1, 2),
                "selection": "low",
                "binary": base64.b64encode(b"content"),
                "json": {"a": 1},
                "parent_id": self.empty.id,
                "partner_ids": [Command.set(self.partners.ids)],
                "reference": f"res.partner,{self.partners[0].id}",
                "child_ids": [Command.create({"name": "Child", "integer": 3})],
                "properties": {},
            },
        )
        record = self.model.create(vals)
        typed = self.Typed.model_validate(record)
        self.assertEqual(typed.datetime.isoformat(), "2026-01-02T03:04:05+00:00")
        self.assertEqual(base64.b64decode(record.binary), b"content")
        self.assertEqual(typed.child_ids[0].integer, 3)

    def test_create_some_fields(self):
        Create = self.Typed.for_create("name", partner_ids=Reference)
        self.assertEqual(list(Create.model_fields), ["name", "partner_ids"])
        for wrong in ({}, {"name": None}, {"name": "x", "partner_ids": [3]}):
            with self.subTest(wrong), self.assertRaises(ValidationError):
                Create.model_validate(wrong)

    def test_update(self):
        Update = self.Typed.for_update()
        self.assertNotIn("required", Update.model_json_schema())
        self.assertNotIn("id", Update.model_fields)
        self.assertEqual(Update().to_vals(self.full), {})
        first, second = self.full.child_ids
        values = Update.model_validate(
            {
                "title": None,
                "partner_ids": [],
                "child_ids": [{"id": first.id, "integer": 9}, {"name": "Third"}],
            }
        )
        vals = values.to_vals(self.full)
        self.assertEqual(
            vals,
            {
                "title": False,
                "partner_ids": [Command.set([])],
                "child_ids": [
                    Command.update(first.id, {"integer": 9}),
                    Command.create({"name": "Third"}),
                ],
            },
        )
        self.full.write(vals)
        self.assertEqual(
            self.full.child_ids.mapped("name"), ["First", "Second", "Third"]
        )
        with self.assertRaises(ValidationError):
            Update.model_validate({"name": None})

    def test_ids_are_checked(self):
        Update = self.Typed.for_update()
        gone = self.model.create({"name": "Gone"})
        gone_id = gone.id
        gone.unlink()
        stranger = self.empty
        for values in (
            {"parent_id": gone_id},
            {"partner_ids": [self.partners[0].id, 999999999]},
            {"child_ids": [{"id": stranger.id, "name": "Changed"}]},
        ):
            with (
                self.subTest(values),
                self.assertRaisesRegex(
                    exceptions.ValidationError, "no record with the id"
                ),
            ):
                Update.model_validate(values).to_vals(self.full)
        with self.assertRaises(exceptions.ValidationError):
            # a new record has an empty list
            Update.model_validate({"child_ids": [{"id": stranger.id}]}).to_vals(
                self.model
            )

    def test_ids_that_the_user_cannot_see(self):
        self.forbid("res.partner", [("id", "not in", self.partners.ids)])
        record = self.full.with_user(self.user)
        values = self.Typed.for_update().model_validate(
            {"partner_ids": self.partners.ids}
        )
        with self.assertRaises(exceptions.ValidationError):
            values.to_vals(record)

    def test_records_of_another_list(self):
        children = self.model.create(
            [{"name": name, "parent_id": self.empty.id} for name in ("Open", "Closed")]
        )
        closed = children[1].id
        self.env["ir.rule"].create(
            {
                "name": "Read only",
                "model_id": self.env["ir.model"]._get_id("test.fastapi.typed"),
                "domain_force": [("id", "!=", closed)],
                "perm_read": False,
            }
        )
        Ids = schema_from(self.model, "child_ids").for_update()
        record = self.full.with_user(self.user)
        ids = [*record.child_ids.ids, children[0].id]
        self.assertEqual(
            Ids(child_ids=ids).to_vals(record), {"child_ids": [Command.set(ids)]}
        )
        with self.assertRaises(exceptions.AccessError):
            Ids(child_ids=[*ids, closed]).to_vals(record)
        # records of the list may stay
        own = self.empty.with_user(self.user)
        vals = {"child_ids": [Command.set(children.ids)]}
        self.assertEqual(Ids(child_ids=children.ids).to_vals(own), vals)

    def test_properties(self):
        company, partner = self.env.company, self.partners[0]
        self.empty.properties_definition = [
            {"name": kind, "type": kind, "string": kind, **more}
            for kind, more in (
                ("char", {}),
                ("boolean", {}),
                ("integer", {}),
                ("float", {}),
                ("date", {}),
                ("datetime", {}),
                ("selection", {"selection": [["a", "A"]]}),
                ("tags", {"tags": [["a", "A", 1], ["b", "B", 2]]}),
                ("many2one", {"comodel": "res.partner"}),
                ("many2many", {"comodel": "res.company"}),
            )
        ]
        Properties = schema_from(self.model, "properties", "parent_id").for_update()
        record = self.model.create({"name": "x", "parent_id": self.empty.id})
        valid = {
            "char": "a",
            "boolean": True,
            "integer": 1,
            "float": 1.5,
            "date": "2026-01-02",
            "datetime": "2026-01-02 03:04:05",
            "selection": "a",
            "tags": ["a"],
            "many2one": partner.id,
            "many2many": [company.id],
        }
        vals = Properties(properties=valid).to_vals(record)
        self.assertEqual(vals, {"properties": valid})
        record.write(vals)
        Read = schema_from(self.model, "properties")
        self.assertEqual(Read.model_validate(record).properties, valid)
        nothing = dict.fromkeys(valid)
        vals = Properties(properties=nothing).to_vals(record)
        record.write(vals)
        self.assertEqual(
            Read.model_validate(record).properties,
            {**nothing, "boolean": Read.model_validate(record).properties["boolean"]},
        )
        unknown = Properties(properties={"unknown": 1}).to_vals(record)
        self.assertEqual(unknown, {"properties": {}})
        for name, values in {
            "char": (1, ["a"], {"a": 1}),
            "boolean": (1, "true"),
            "integer": ("1", 1.5),
            "float": ("1.5", [1.5]),
            "date": ("x", 1, "2026-02-30", "2026-01-02junk", "2026-1-2"),
            "datetime": (
                *("x", 1, "2026-02-30 00:00:00", "2026-01-02 03:04:05junk"),
                *("2026", "2026-01-02", "2026-01-02 03", "2026-1-2 3:4:5"),
            ),
            "selection": ("b", 1, ["a"]),
            "tags": ("a", ["c"], [1], [["a"]], True),
            "many2one": ("a", True, 999999999, [], [None], 1.5),
            "many2many": ([None], 1, [999999999], ["a"], [True]),
        }.items():
            for value in values:
                for values in (
                    Properties(properties={name: value}).to_vals,
                    Properties(
                        properties={name: value}, parent_id=self.empty.id
                    ).to_vals,
                ):
                    with (
                        self.subTest(name, value=value),
                        self.assertRaises(exceptions.ValidationError),
                    ):
                        values(record)

    def define_properties(self, container):
        """Define properties, and return valid values and invalid ones."""
        container.properties_definition = [
            {"name": "tags", "type": "tags", "tags": [["a", "A", 1]]},
            {"name": "selection", "type": "selection", "selection": [["a", "A"]]},
            {"name": "partner", "type": "many2one", "comodel": "res.partner"},
        ]
        valid = {"tags": ["a"], "selection": "a", "partner": self.partners[0].id}
        return valid, ({"tags": 5}, {"selection": "b"}, {"partner": "x"})

    def test_properties_of_new_records(self):
        definition = self.env["properties.base.definition"]
        self.define_properties(
            definition._get_definition_for_property_field("res.partner", "properties")
        )
        valid, invalid = self.define_properties(self.empty)
        for model in (
            self.env["res.partner"],
            self.env["res.users"],
            self.model.with_context(default_parent_id=self.empty.id),
        ):
            schema = schema_from(model, "name", "properties")
            Create = schema.for_create()
            vals = Create(name="x", properties={**valid, "more": 1}).to_vals(model)
            self.assertEqual(vals, {"name": "x", "properties": valid})
            if model._name != "res.users":  # needs a login
                record = model.create(vals)
                self.assertEqual(schema.model_validate(record).properties, valid)
            for values in invalid:
                with (
                    self.subTest(values, model=model._name),
                    self.assertRaises(exceptions.ValidationError),
                ):
                    Create(name="x", properties=values).to_vals(model)

    def test_properties_of_a_default_container_that_may_be_computed(self):
        valid, invalid = self.define_properties(self.empty)
        Properties = schema_from(self.model, "properties").for_update()
        field = self.model._fields["parent_id"]
        model = self.model.with_context(default_parent_id=self.empty.id)
        with (
            patch.dict(self.env.registry.field_computed, {field: [field]}),
            patch.object(field, "compute", lambda records: None),
        ):
            vals = Properties(properties=valid).to_vals(model)
            self.assertEqual(vals, {"properties": valid})
            for values in invalid:
                with self.assertRaises(exceptions.ValidationError):
                    Properties(properties=values).to_vals(model)

    def test_properties_of_lines(self):
        valid, invalid = self.define_properties(self.full)
        self.define_properties(self.empty)
        Line = schema_from(self.model, "name", "properties")
        Parent = schema_from(self.model, "name", child_ids=Line)
        Update, Create = Parent.for_update(), Parent.for_create()
        line = {"name": "x", "properties": {**valid, "more": 1}}
        vals = Update(child_ids=[line]).to_vals(self.full)
        command = Command.create({"name": "x", "properties": valid})
        self.assertEqual(vals, {"child_ids": [command]})
        self.full.write(vals)
        read = Line.model_validate(self.full.child_ids[-1])
        self.assertEqual(read.properties, valid)
        for values in invalid:
            with self.subTest(values), self.assertRaises(exceptions.ValidationError):
                Update(child_ids=[{"properties": values}]).to_vals(self.full)

        # a new parent has no definitions yet, and it is not the default one
        model = self.model.with_context(default_parent_id=self.empty.id)
        vals = Create(name="y", child_ids=[line]).to_vals(model)
        command = Command.create({"name": "x", "properties": {}})
        self.assertEqual(vals, {"name": "y", "child_ids": [command]})

    def test_properties_without_definitions(self):
        Properties = schema_from(self.model, "properties", "parent_id").for_update()
        self.define_properties(self.empty)
        for record, values in (
            (self.empty, {}),
            (self.model, {}),
            (self.full, {"parent_id": None}),
        ):
            vals = Properties(properties={"tags": 5}, **values).to_vals(record)
            self.assertEqual(vals["properties"], {})

    def test_properties_with_definitions(self):
        self.empty.properties_definition = [
            {"name": "level", "type": "char", "string": "Level"},
            {"name": "partner", "type": "many2one", "comodel": "res.partner"},
        ]
        definitions = self.empty.properties_definition

        class Input(RecordSchema):
            properties: list[dict[str, Any]]

        record = self.model.create({"name": "x", "parent_id": self.empty.id})
        partner = self.partners[0]
        sent = [
            {"name": "level", "value": "high", "definition_changed": True},
            {"name": "partner", "value": [partner.id, partner.display_name]},
            {"name": "more", "type": "char", "value": "x"},
        ]
        vals = Input(properties=sent).to_vals(record)
        self.assertEqual(vals, {"properties": {"level": "high", "partner": partner.id}})
        record.write(vals)
        self.assertEqual(self.empty.properties_definition, definitions)
        for sent in ([{"value": 1}], [{"name": ["a"]}]):
            with self.assertRaises(exceptions.ValidationError):
                Input(properties=sent).to_vals(record)

        class AnyInput(RecordSchema):
            properties: Any

        for sent in ("{}", 1, True, ["a"]):
            with self.assertRaises(exceptions.ValidationError):
                AnyInput(properties=sent).to_vals(record)

    def test_definitions_of_properties(self):
        Update = schema_from(self.model, "properties_definition").for_update()
        valid = [{"name": "a", "type": "char", "string": "A"}]
        vals = Update(properties_definition=valid).to_vals(self.full)
        self.assertEqual(vals, {"properties_definition": valid})
        for definition in (
            {},
            {"name": "a"},
            {"type": "char"},
            {"name": "a", "type": "unknown"},
            {"name": "a", "type": "selection", "selection": 5},
            {"name": "a", "type": "tags", "tags": "x"},
            {"name": "a", "type": "many2one", "comodel": "unknown"},
            {"name": "a'", "type": "char"},
        ):
            with (
                self.subTest(definition),
                self.assertRaises(exceptions.ValidationError),
            ):
                Update(properties_definition=[definition]).to_vals(self.full)

    def test_required_references_to_deleted_records(self):
        fields = self.model._fields
        with (
            patch.object(fields["reference"], "required", True),
            patch.object(fields["res_id"], "required", True),
        ):
            schema = schema_from(self.model, "reference", "res_id")
        self.partners.unlink()
        self.full.invalidate_recordset()
        read = schema.model_validate(self.full)
        self.assertEqual((read.reference, read.res_id), (None, None))
        document = schema.model_json_schema()
        Create = schema.for_create()
        for name in ("reference", "res_id"):
            self.assertIn({"type": "null"}, document["properties"][name]["anyOf"])
            self.assertTrue(Create.model_fields[name].is_required())
            with self.assertRaises(ValidationError):
                Create.model_validate({"reference": "x,1", "res_id": 1, name: None})

    def test_archived_records_are_seen(self):
        self.partners.active = False
        values = self.Typed.for_update()(partner_ids=self.partners.ids)
        self.assertEqual(
            values.to_vals(self.full),
            {"partner_ids": [Command.set(self.partners.ids)]},
        )

    def test_route(self):
        router = APIRouter()
        Create = self.Typed.for_create("name", "integer")

        @router.post("/")
        def create(values: Create) -> self.Child:
            return self.model.create(values.to_vals(self.model))

        with self._create_test_client(router=router) as client:
            response = client.post("/", json={"name": "Posted", "integer": 4})
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(response.json()["name"], "Posted")
