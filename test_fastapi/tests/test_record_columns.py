# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=method-required-super,pointless-statement
"""Values that schemas read from the cache are those that ``record[name]`` has."""

import datetime as dt
import itertools
from typing import Any

from pydantic import AwareDatetime, Field, create_model

from odoo.fields import Command

from odoo.addons.fastapi.records import RecordSchema

from .record_case import RecordCase

ANNOTATIONS = {
    "binary": bytes | None,
    "boolean": bool,
    "date": dt.date | None,
    "datetime": AwareDatetime | None,
    "float": float,
    "integer": int,
    "json": Any,
    "many2many": list[int],
    "many2one": int | None,
    "many2one_reference": int | None,
    "monetary": float,
    "one2many": list[int],
    "properties_definition": Any,
}
#: What Odoo returns for these is not what the schema reads.
OTHERS = {"properties"}


def get_fields(records):
    """Return the fields that Odoo can read."""
    fields = records._fields.values()
    if records.env.context.get("prefetch_langs"):
        return [field for field in fields if not (field.related and field.translate)]
    return fields


def get_value(record, field):
    """Return a value as a schema has it."""
    value = record[field.name]
    if field.type in ("one2many", "many2many"):
        return list(value._ids)
    if field.type == "many2one":
        return value.id or None
    if field.type == "many2one_reference":
        return value or None
    if field.type == "reference":
        return f"{value._name},{value.id}" if value else None
    if field.type in ("boolean", "float", "integer", "monetary"):
        return value
    if value is False:
        return None
    if field.type == "datetime":
        return value.replace(tzinfo=dt.timezone.utc)
    return value


class TestColumns(RecordCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fr_FR")
        cls.country.with_context(lang="fr_FR").name = "Belgique"
        cls.company = cls.env["res.company"].create({"name": "Other"})
        cls.full.write(
            {
                "price_by_company": 7.5,
                "html_by_company": "<p>mine</p>",
                "partner_by_company_id": cls.partners[0].id,
                "translated_html": "<p>Text</p>",
            }
        )
        cls.full.with_context(lang="fr_FR").write(
            {"title": "Titre", "translated_html": "<p>Texte</p>"}
        )
        cls.full.with_company(cls.company).write(
            {
                "by_company": "theirs",
                "price_by_company": 0.0,
                "html_by_company": "<p>theirs</p>",
                "partner_by_company_id": cls.partners[1].id,
            }
        )
        names = [
            Command.create({"name": "Shown"}),
            Command.create({"name": "Archived", "active": False}),
        ]
        cls.partners[0].write(
            {
                "category_id": names,
                "child_ids": names,
                "comment": "<p>A <b>comment</b></p>",
                "barcode": "123",
                "tz": "Europe/Brussels",
                "user_id": cls.user.id,
            }
        )
        cls.env.flush_all()

    def check(self, records, prepare=lambda records: None):
        """Check all fields that the user may read.

        :param prepare: called before each way to read, with an empty cache
        """
        fields = [
            field
            for field in get_fields(records)
            if field.type not in OTHERS and records._has_field_access(field, "read")
        ]
        schema = create_model(
            "Schema",
            __base__=RecordSchema,
            **{
                f"{field.name}_": (
                    ANNOTATIONS.get(field.type, str | None),
                    Field(alias=field.name),
                )
                for field in fields
            },
        )
        self.env.invalidate_all()
        prepare(records)
        items = schema.from_records(records)
        self.env.invalidate_all()
        prepare(records)
        for item, record in zip(items, records, strict=True):
            with self.subTest(records.env.user.name, **records.env.context):
                self.assertEqual(
                    {field.name: getattr(item, f"{field.name}_") for field in fields},
                    {field.name: get_value(record, field) for field in fields},
                )
        return items

    def get_batches(self):
        typed = self.full | self.empty | self.full.child_ids
        users = self.env.ref("base.user_admin") | self.user
        users.write({"company_ids": [Command.link(self.company.id)]})
        contexts = (
            {},
            {"lang": "fr_FR"},
            {"lang": "fr_FR", "prefetch_langs": True},
            {"active_test": False},
            {"allowed_company_ids": self.company.ids},
        )
        for records, user, context in itertools.product(
            (typed, self.partners), users, contexts
        ):
            yield records.with_user(user).with_context(**context)

    def test_empty_cache(self):
        for records in self.get_batches():
            self.check(records)

    def test_archived_records(self):
        for active_test, count in ((True, 1), (False, 2)):
            partners = self.partners.with_context(active_test=active_test)
            item, other = self.check(partners)
            self.assertEqual(len(item.category_id_), count)
            self.assertEqual(other.category_id_, [])

    def test_pending_changes(self):
        child = self.full.child_ids[:1]

        def write(records):
            self.full.write(
                {
                    "title": "New",
                    "integer": 0,
                    "float": 0.0,
                    "date": False,
                    "by_company": "new",
                    "partner_by_company_id": False,
                    "translated_html": "<p>New</p>",
                    "partner_id": False,
                    "child_ids": [Command.unlink(child.id)],
                    "partner_ids": [Command.set(self.partners[1].ids)],
                }
            )
            self.partners[1].write(
                {
                    "parent_id": self.partners[0].id,
                    "category_id": [Command.set(self.partners[0].category_id.ids)],
                }
            )

        for records in self.get_batches():
            self.check(records, write)

    def test_other_environments_in_the_cache(self):
        def read_others(records):
            for others in (
                records.with_context(lang="fr_FR", prefetch_langs=True),
                records.with_context(lang="fr_FR", active_test=False),
                records.with_company(self.company).with_context(lang="en_US"),
            ):
                for field in get_fields(others):
                    for record in others.sudo():
                        record[field.name]

        for records in self.get_batches():
            self.check(records, read_others)
