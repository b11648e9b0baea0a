# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import gc
import weakref
from typing import Generic, TypeVar

from extendable.context import extendable_registry
from extendable_pydantic import ExtendableBaseModel, ExtendableModelMeta
from pydantic import (
    BaseModel,
    ConfigDict,
    PrivateAttr,
    ValidationError,
    create_model,
    field_validator,
    model_validator,
)

from odoo.tests import BaseCase

from odoo.addons.extendable.classes import AddonsRegistry, ExtensionError
from odoo.addons.extendable.tests.common import ExtendableMixin
from odoo.addons.extendable_fastapi.schemas import (
    PagedCollection,
    StrictExtendableBaseModel,
)

T = TypeVar("T")


def with_city(partner):
    """Extend a partner model with a field and a validator."""

    class PartnerCity(partner, extends=partner):
        __module__ = "odoo.addons.three.schemas"
        city: str = ""

        @field_validator("name")
        @classmethod
        def check_name(cls, value):
            return f"{super().check_name(value)}!"

    return PartnerCity


class SchemaCase(ExtendableMixin, BaseCase):
    """The addon ``one`` defines a model, ``two`` extends it."""

    def setUp(self):
        super().setUp()
        self.backup_extendable_registry()
        self.addCleanup(self.restore_extendable_registry)

        class Partner(BaseModel, metaclass=ExtendableModelMeta):
            __module__ = "odoo.addons.one.schemas"
            model_config = ConfigDict(from_attributes=True)
            name: str

            @field_validator("name")
            @classmethod
            def check_name(cls, value):
                return value.strip()

        class PartnerEmail(Partner, extends=Partner):
            __module__ = "odoo.addons.two.schemas"
            email: str | None = None

            @field_validator("name")
            @classmethod
            def check_name(cls, value):
                return super().check_name(value).title()

        self.Partner = Partner
        self.PartnerEmail = PartnerEmail

    def build(self, *addons):
        """Build the classes of addons and use them for the rest of the test."""
        registry = AddonsRegistry()
        registry.init_addons(["extendable_fastapi", *addons])
        token = extendable_registry.set(registry)
        self.addCleanup(extendable_registry.reset, token)
        return registry

    def assertBuildLogs(self, level, *addons):
        with self.assertLogs("odoo.addons.extendable.classes", level) as log:
            registry = self.build(*addons)
        return registry, "\n".join(log.output)


class TestExtensions(SchemaCase):
    def test_with_and_without(self):
        values = {"name": " jo ", "email": "jo@example.com"}
        self.build("one", "two")
        self.assertEqual(
            self.Partner(**values).model_dump(),
            {"name": "Jo", "email": "jo@example.com"},
        )
        self.assertEqual(
            self.Partner.model_json_schema()["properties"].keys(), {"name", "email"}
        )
        self.build("one")
        self.assertEqual(self.Partner(**values).model_dump(), {"name": "jo"})
        self.assertEqual(
            self.Partner.model_json_schema()["properties"].keys(), {"name"}
        )
        self.assertEqual(self.Partner.model_json_schema()["title"], "Partner")

    def test_two_registries_in_turn(self):
        registries = [
            (addons, self.build(*addons))
            for addons in (["one", "two"], ["one"], ["one", "two"])
        ]
        for addons, registry in registries * 2:
            token = extendable_registry.set(registry)
            self.addCleanup(extendable_registry.reset, token)
            partner = self.Partner(name=" jo ", email="x")
            if "two" in addons:
                self.assertEqual(partner.model_dump(), {"name": "Jo", "email": "x"})
            else:
                self.assertEqual(partner.model_dump(), {"name": "jo"})

    def test_from_attributes(self):
        class Record:
            name = "jo"
            email = "jo@example.com"

        self.build("one", "two")
        partner = self.Partner.model_validate(Record())
        self.assertEqual((partner.name, partner.email), ("Jo", "jo@example.com"))

    def test_extension_of_an_extension(self):
        PartnerCity = with_city(self.Partner)

        class PartnerZip(PartnerCity, extends=PartnerCity):
            __module__ = "odoo.addons.four.schemas"
            zip: str = ""

            @model_validator(mode="after")
            def complete(self):
                self.zip = self.zip or f"zip of {self.city}"
                return self

        self.build("one", "two", "three", "four")
        partner = self.Partner(name="jo", city="Liège")
        self.assertEqual(
            partner.model_dump(),
            {"name": "Jo!", "email": None, "city": "Liège", "zip": "zip of Liège"},
        )
        self.build("one", "three")
        self.assertEqual(
            self.Partner(name="jo").model_dump(), {"name": "jo!", "city": ""}
        )

    def test_inheritance_and_extension(self):
        class Customer(self.Partner):
            __module__ = "odoo.addons.one.schemas"
            number: int

        class CustomerRank(Customer, extends=Customer):
            __module__ = "odoo.addons.three.schemas"
            rank: int = 1

        self.build("one", "two", "three")
        self.assertEqual(
            Customer(name="jo", number=7).model_dump(),
            {"name": "Jo", "email": None, "number": 7, "rank": 1},
        )
        self.assertIsInstance(Customer(name="jo", number=7), self.Partner)
        self.assertEqual(
            self.Partner(name="jo").model_dump(), {"name": "Jo", "email": None}
        )

    def test_nested_models_and_unions(self):
        class Company(ExtendableBaseModel):
            __module__ = "odoo.addons.one.schemas"
            employees: list[self.Partner]
            contact: self.Partner | int
            by_name: dict[str, self.Partner | None] = {}

        values = {
            "employees": [{"name": "jo", "email": "x"}],
            "contact": {"name": "al", "email": "y"},
            "by_name": {"jo": {"name": "jo", "email": "z"}, "al": None},
        }
        self.build("one", "two")
        company = Company(**values)
        self.assertEqual(company.employees[0].email, "x")
        self.assertEqual(company.contact.email, "y")
        self.assertEqual(company.model_dump()["by_name"]["jo"]["email"], "z")
        self.assertEqual(Company(employees=[], contact=3).contact, 3)
        self.build("one")
        self.assertNotIn("email", Company(**values).model_dump()["employees"][0])

    def test_private_attributes(self):
        class Counter(ExtendableBaseModel):
            __module__ = "odoo.addons.one.schemas"
            _count: int = PrivateAttr(3)

        self.build("one")
        self.assertEqual(Counter()._count, 3)
        self.assertEqual(type(Counter()).__private_attributes__.keys(), {"_count"})

    def test_strict(self):
        class Strict(StrictExtendableBaseModel):
            __module__ = "odoo.addons.one.schemas"
            size: int

        self.build("one")
        strict = Strict(size=1)
        with self.assertRaises(ValidationError):
            strict.size = "large"
        with self.assertRaises(ValidationError):
            Strict(size=1, colour="red")
        with self.assertRaises(ValidationError):
            Strict.model_validate(Strict.model_construct())

    def test_extension_changes_configuration(self):
        class Strict(StrictExtendableBaseModel, extra="forbid"):
            __module__ = "odoo.addons.one.schemas"

        class StrictOpen(Strict, extends=Strict):
            __module__ = "odoo.addons.two.schemas"
            model_config = ConfigDict(extra="allow")

        self.build("one", "two")
        self.assertEqual(Strict(colour="red").colour, "red")
        self.build("one")
        with self.assertRaises(ValidationError):
            Strict(colour="red")

    def test_classes_are_freed_with_their_registry(self):
        registry = AddonsRegistry()
        registry.init_addons(["one", "two"])
        final = weakref.ref(registry[self.Partner.__xreg_name__])
        self.assertEqual(final().model_fields.keys(), {"name", "email"})
        del registry
        gc.collect()
        self.assertIsNone(final())


class TestGenerics(SchemaCase):
    def test_pages_of_extendable_items(self):
        page_class = PagedCollection[self.Partner]
        values = {"count": 1, "items": [{"name": "jo", "email": "x"}]}
        self.build("one", "two")
        page = page_class(**values)
        self.assertEqual(page.items[0].email, "x")
        self.assertEqual(page.count, 1)
        self.assertEqual(page_class.__name__, page_class.model_json_schema()["title"])
        self.assertEqual(
            page_class.model_json_schema()["$defs"]["Partner"]["properties"].keys(),
            {"name", "email"},
        )
        self.build("one")
        page = page_class(count=1, items=[{"name": "jo"}])
        self.assertEqual(page.model_dump()["items"], [{"name": "jo"}])

    def test_two_models_with_one_name(self):
        def define(module, **fields):
            namespace = {"__module__": module, "__annotations__": fields, **fields}
            namespace["__annotations__"] = {name: int for name in fields}
            return ExtendableModelMeta("Item", (BaseModel,), namespace)

        first = define("odoo.addons.one.items", first=1)
        second = define("odoo.addons.two.items", second=2)
        first_page, second_page = PagedCollection[first], PagedCollection[second]
        self.build("one", "two")
        self.assertEqual(
            first_page(count=1, items=[{"first": 3}]).model_dump()["items"],
            [{"first": 3}],
        )
        self.assertEqual(
            second_page(count=1, items=[{"second": 4}]).model_dump()["items"],
            [{"second": 4}],
        )

    def test_parametrized_after_the_registry_was_built(self):
        class Customer(self.Partner):
            __module__ = "odoo.addons.one.schemas"

        class Box(ExtendableBaseModel, Generic[T]):
            __module__ = "odoo.addons.one.schemas"
            content: T

        class BoxLabel(Box, extends=Box):
            __module__ = "odoo.addons.two.schemas"
            label: str = "fragile"

        for addons in (["one", "two"], ["one"], ["one", "two"]):
            self.build(*addons)
            box = Box[PagedCollection[Customer]].model_validate(
                {"content": {"count": 1, "items": [{"name": "jo"}]}}
            )
            if "two" in addons:
                self.assertEqual(box.label, "fragile")
                self.assertEqual(box.content.items[0].email, None)
                self.assertIsInstance(box.content, PagedCollection[Customer])
            else:
                self.assertEqual(
                    box.model_dump(),
                    {"content": {"count": 1, "items": [{"name": "jo"}]}},
                )

    def test_arguments_with_one_name(self):
        """An app is built again, and its schema of a model has another field."""

        def schema(**fields):
            fields = {name: (str, "") for name in fields}
            return create_model("Item", __module__="odoo.addons.one.schemas", **fields)

        def check(page, item):
            page = page.model_validate({"count": 1, "items": [item]})
            self.assertEqual(page.model_dump()["items"], [item])

        registry = self.build("one")
        first = PagedCollection[schema(name=1)]
        check(first, {"name": "a"})
        # in the next registry, too, which does not have the models of the first
        for _number in range(2):
            page = PagedCollection[schema(name=1, email=1)]
            check(page, {"name": "a", "email": "e"})
            page = PagedCollection[list[schema(phone=1)]]
            check(page, [{"phone": "p"}])
            registry = self.build("one")
            self.assertNotIn(first.__xreg_name__, registry)
            check(first, {"name": "a"})

    def test_extension_and_subclass_of_a_parametrized_model(self):
        page_class = PagedCollection[self.Partner]

        class Page(page_class):
            __module__ = "odoo.addons.one.schemas"
            next: str = ""

        class PartnersMore(page_class, extends=page_class):
            __module__ = "odoo.addons.two.schemas"
            previous: str = ""

        self.build("one", "two")
        self.assertEqual(
            Page(count=0, items=[]).model_dump(),
            {"count": 0, "items": [], "previous": "", "next": ""},
        )
        self.assertEqual(
            page_class(count=0, items=[]).model_dump(),
            {"count": 0, "items": [], "previous": ""},
        )


class TestErrors(SchemaCase):
    def test_field_of_another_type(self):
        class PartnerNumber(self.Partner, extends=self.Partner):
            __module__ = "odoo.addons.bad.schemas"
            name: int

        class Animal(ExtendableBaseModel):
            __module__ = "odoo.addons.one.schemas"
            legs: int = 4

        class Owner(ExtendableBaseModel):
            __module__ = "odoo.addons.one.schemas"
            partner: self.Partner

        _registry, logged = self.assertBuildLogs("ERROR", "one", "bad")
        self.assertIn("PartnerNumber (addon bad), which extends", logged)
        self.assertIn("the field 'name' becomes int, was str", logged)
        self.assertEqual(Animal().legs, 4)
        with self.assertRaisesRegex(ExtensionError, "PartnerNumber"):
            self.Partner(name="jo")
        with self.assertRaisesRegex(ExtensionError, "PartnerNumber"):
            self.Partner.model_validate({"name": "jo"})
        with self.assertRaisesRegex(ExtensionError, "PartnerNumber"):
            Owner(partner={"name": "jo"})
        self.build("one")
        self.assertEqual(Owner(partner={"name": "jo"}).partner.name, "jo")

    def test_required_field_without_default(self):
        class PartnerRequired(self.Partner, extends=self.Partner):
            __module__ = "odoo.addons.required.schemas"
            email: str | None

        _registry, logged = self.assertBuildLogs("WARNING", "one", "required")
        self.assertIn("PartnerRequired (addon required), which extends", logged)
        self.assertIn("the field 'email' is required and has no default", logged)
        with self.assertRaisesRegex(ValidationError, "email"):
            self.Partner(name="jo")
        self.assertEqual(self.Partner(name="jo", email="x").email, "x")

    def test_conflicting_extensions(self):
        class PartnerEmails(self.Partner, extends=self.Partner):
            __module__ = "odoo.addons.three.schemas"
            email: list[str] = []

        self.build("one", "three")
        self.assertEqual(self.Partner(name="jo").email, [])
        _registry, logged = self.assertBuildLogs("ERROR", "one", "two", "three")
        self.assertIn("PartnerEmails (addon three), which extends", logged)
        self.assertIn("the field 'email' becomes list[str], was str | None", logged)

    def test_undefined_annotation(self):
        class PartnerUndefined(self.Partner, extends=self.Partner):
            __module__ = "odoo.addons.undefined.schemas"
            company: "Compny | None" = None  # noqa: F821

        class PartnerLast(self.Partner, extends=self.Partner):
            __module__ = "odoo.addons.last.schemas"
            last: str = ""

        class Owner(ExtendableBaseModel):
            __module__ = "odoo.addons.one.schemas"
            partner: self.Partner

        class Animal(ExtendableBaseModel):
            __module__ = "odoo.addons.one.schemas"
            legs: int = 4

        registry, logged = self.assertBuildLogs("ERROR", "one", "undefined", "last")
        self.assertIn("PartnerUndefined (addon undefined), which extends", logged)
        self.assertIn("Compny", logged)
        self.assertEqual(Animal(legs=3).model_dump(), {"legs": 3})
        self.assertTrue(registry.ready)
        with self.assertRaises(ExtensionError):
            Owner(partner={"name": "jo"})
        self.build("one", "last")
        self.assertEqual(Owner(partner={"name": "jo"}).partner.last, "")
