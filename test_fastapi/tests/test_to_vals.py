# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Values for ``create`` and ``write``."""

import base64
import datetime as dt
import enum
from decimal import Decimal
from typing import Annotated, Any
from unittest.mock import patch

from pydantic import Base64Bytes, SecretStr

from odoo import exceptions
from odoo.fields import Command

from odoo.addons.fastapi.records import (
    ModelReference,
    RecordSchema,
    Reference,
    Source,
)

from .record_case import PIXEL, RecordCase


class TestVals(RecordCase):
    """Values of handwritten schemas."""

    def test_values(self):
        class Level(enum.Enum):
            high = "high"

        class Input(RecordSchema):
            label: Annotated[str, Source("name")]
            selection: Level
            datetime: dt.datetime
            column_binary: Base64Bytes
            binary: bytes
            image: str
            partner_id: Reference
            child_ids: list[int] | None
            reference: Any = None
            id: int | None = None

        values = Input(
            label="Label",
            selection="high",
            datetime=dt.datetime(2026, 1, 2),
            column_binary=base64.b64encode(b"raw"),
            binary=base64.b64encode(b"bytes"),
            image=PIXEL.decode(),
            partner_id=Reference.model_validate(self.partners[0]),
            child_ids=None,
            id=3,
        )
        self.assertEqual(
            values.to_vals(self.model),
            {
                "name": "Label",
                "selection": "high",
                "datetime": dt.datetime(2026, 1, 2),
                "column_binary": base64.b64encode(b"raw"),
                "binary": base64.b64encode(b"bytes"),
                "image": PIXEL.decode(),
                "partner_id": self.partners[0].id,
                "child_ids": [Command.clear()],
            },
        )

    def test_values_that_cannot_be_written(self):
        class Path(RecordSchema):
            country: Annotated[str | None, Source("partner_id.country_id.code")]

        class Partner(RecordSchema):
            name: str

        class Nested(RecordSchema):
            partner_id: Partner

        with self.assertRaisesRegex(ValueError, "Path.country can't be written"):
            Path(country="BE").to_vals(self.model)
        with self.assertRaisesRegex(ValueError, "'partner_id' can't be written"):
            Nested(partner_id={"name": "x"}).to_vals(self.model)

    def test_secrets(self):
        class Input(RecordSchema):
            name: SecretStr

        values = Input(name="s3cret")
        self.assertEqual(values.to_vals(self.model), {"name": "s3cret"})
        self.assertNotIn("s3cret", repr(values))
        with self.assertRaises(exceptions.ValidationError):
            Input(name="s3cret\0").to_vals(self.model)

    def test_content_that_is_not_base64(self):
        class Input(RecordSchema):
            binary: bytes = b""
            column_binary: str = ""
            image: Any = None

        for values in (
            {"binary": b"abc"},
            {"binary": b"$$$"},
            {"column_binary": "abc"},
            {"column_binary": "\xe4"},
            {"column_binary": "12.3 bytes"},
            {"image": 1},
            {"image": "YQ"},
        ):
            with (
                self.subTest(values),
                self.assertRaises(exceptions.ValidationError),
            ):
                Input(**values).to_vals(self.model)
        values = {"binary": b"YQ==", "column_binary": "", "image": None}
        vals = {"binary": b"YQ==", "column_binary": "", "image": False}
        self.assertEqual(Input(**values).to_vals(self.model), vals)

    def test_lists_of_ids_and_schemas(self):
        class Child(RecordSchema):
            id: int | None = None
            name: str = ""

        class Input(RecordSchema):
            child_ids: list[int | Child]

        child = self.full.child_ids[0]
        values = Input.model_validate(
            {"child_ids": [self.empty.id, {"id": child.id, "name": "a"}, {"name": "b"}]}
        )
        self.assertEqual(
            values.to_vals(self.full)["child_ids"],
            [
                Command.link(self.empty.id),
                Command.update(child.id, {"name": "a"}),
                Command.create({"name": "b"}),
            ],
        )
        vals = Input(child_ids=[]).to_vals(self.full)
        self.assertEqual(vals, {"child_ids": [Command.set([])]})

    def test_a_schema_without_its_id(self):
        class Partner(RecordSchema):
            id: int | None = None

        class Input(RecordSchema):
            partner_id: Partner

        with self.assertRaises(exceptions.ValidationError):
            Input.model_validate({"partner_id": {}}).to_vals(self.model)

    def test_references(self):
        class Input(RecordSchema):
            reference: str

        models = ("res.partner", "no.model", "base")
        field = self.model._fields["reference"]
        selection = [(model, model) for model in models]
        partner = self.partners[0]
        with patch.object(field, "selection", selection):
            vals = Input(reference=f"res.partner,0{partner.id}").to_vals(self.model)
            self.assertEqual(vals, {"reference": f"res.partner,{partner.id}"})
            for reference in (
                *("no.model,1", "base,1", "res.users,1", "res.partner,-1"),
                *("res.partner,0", "res.partner,", "res.partner", "1", ""),
            ):
                with (
                    self.subTest(reference),
                    self.assertRaises(exceptions.ValidationError),
                ):
                    Input(reference=reference).to_vals(self.model)

    def test_many2one_references(self):
        class Input(RecordSchema):
            res_id: int | ModelReference | None = None
            res_model: str | None = None

        partner, hidden = self.partners
        self.forbid("res.partner", [("id", "!=", hidden.id)])
        record = self.full.with_user(self.user)  # of the first partner
        model = record.browse()
        by_default = model.with_context(default_res_model="res.partner")
        visible = {"res_model": "res.partner", "res_id": partner.id}
        full = ModelReference(model="res.partner", id=partner.id, display_name="Al")
        for target, values in (
            (model, visible),
            (model, {"res_id": None}),
            (model, {"res_model": "res.users"}),
            (by_default, {"res_id": partner.id}),
            (record, visible),
            (record, {"res_id": partner.id}),
            (record, {"res_id": full}),
            (record, {"res_id": 0, "res_model": "res.users"}),
            (record, {"res_model": "res.partner"}),
            (record, {"res_model": None}),
        ):
            with self.subTest(values, new=not target):
                vals = Input(**values).to_vals(target)
                self.assertEqual(vals.keys(), values.keys())
        for target, values in (
            (model, {**visible, "res_id": hidden.id}),
            (model, {"res_id": partner.id}),
            (model, {**visible, "res_model": "no.model"}),
            (model, {**visible, "res_model": "base"}),
            (model, {**visible, "res_model": None}),
            (by_default, {"res_id": hidden.id}),
            (record, {"res_id": hidden.id}),
            (record, {"res_id": 2**31}),
            (record, {"res_model": "no.model"}),
        ):
            with (
                self.subTest(values, new=not target),
                self.assertRaises(exceptions.ValidationError),
            ):
                Input(**values).to_vals(target)
        # changing the model changes the record, too
        self.full.write({"res_model": "res.users", "res_id": hidden.id})
        with self.assertRaises(exceptions.ValidationError):
            Input(res_model="res.partner").to_vals(record)
        self.full.res_model = "res.partner"
        self.assertEqual(
            Input(res_model="res.partner").to_vals(record), {"res_model": "res.partner"}
        )

    def test_many2one_reference_whose_model_is_related(self):
        class Input(RecordSchema):
            ir_model_id: int | None = None
            ir_model_record_id: int | None = None

        gone = self.partners[1].copy()
        gone_id = gone.id
        gone.unlink()
        model_id = self.env["ir.model"]._get_id("res.partner")
        values = {"ir_model_id": model_id, "ir_model_record_id": self.partners[0].id}
        vals = Input(**values).to_vals(self.model)
        self.assertEqual(vals, values)
        self.full.write(vals)
        for changed in (
            {"ir_model_record_id": gone_id},
            {"ir_model_id": self.env["ir.model"]._get_id("base")},
        ):
            for target in (self.model, self.full):
                sent = changed if target else values | changed
                with self.subTest(sent), self.assertRaises(exceptions.ValidationError):
                    Input(**sent).to_vals(target)

    def test_values_out_of_range(self):
        class Anything(RecordSchema):
            json_: Annotated[Any, Source("json")] = None
            float_: Annotated[float, Source("float")] = 0.0
            digits: Decimal = Decimal(0)
            monetary: Decimal = Decimal(0)

        def nest(levels):
            return [nest(levels - 1)] if levels else 1

        for values in (
            {"json_": nest(101)},
            {"json_": nest(900)},
            {"json_": [float("inf")]},
            {"float_": float("nan")},
            {"digits": Decimal("1e308")},
            {"digits": Decimal("-1e308")},
            {"monetary": Decimal("1e308")},
        ):
            with (
                self.subTest(list(values)),
                self.assertRaises(exceptions.ValidationError),
            ):
                Anything(**values).to_vals(self.model)
        large = Decimal("1e280")
        values = Anything(json_=nest(100), float_=-1e308, digits=large, monetary=-large)
        vals = values.to_vals(self.model)
        currency = self.env.ref("base.EUR").id
        record = self.model.create({"name": "x", "currency_id": currency, **vals})
        self.env.flush_all()
        record.invalidate_recordset()
        read = Anything.model_validate(record)
        self.assertEqual((read.json_, read.float_), (nest(100), -1e308))
        self.assertIn("1", read.model_dump_json())

    def test_texts_that_postgresql_refuses(self):
        class Anything(RecordSchema):
            name: str = ""
            json_: Annotated[Any, Source("json")] = None

        class Holder(RecordSchema):
            json_: Annotated[Anything | None, Source("json")] = None

        for text in ("a\0", "\ud800"):
            for values in (
                Anything(name=text),
                Anything(json_=text),
                Anything(json_=[{"a": (text,)}]),
                Anything(json_={"a": {text: 1}}),
                Holder(json_=Anything(name=text)),
            ):
                with (
                    self.subTest(values),
                    self.assertRaises(exceptions.ValidationError),
                ):
                    values.to_vals(self.model)
