# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Extensions that add fields of new extendable models.

The addon ``one`` defines a partner. ``two`` adds a field of a new model. ``three`` and
``four`` extend both models.
"""

import itertools
import sys
import types
from contextlib import contextmanager
from typing import Annotated, Generic, Literal, Optional, TypeVar, Union

from extendable.context import extendable_registry
from extendable_pydantic import ExtendableBaseModel
from pydantic import Field

from odoo.tests import BaseCase

from odoo.addons.extendable.classes import AddonsRegistry, ExtensionError
from odoo.addons.extendable.tests.common import ExtendableMixin
from odoo.addons.extendable_fastapi.schemas import PagedCollection

T = TypeVar("T")
LOGGER = "odoo.addons.extendable.classes"


class NewModelCase(ExtendableMixin, BaseCase):
    def setUp(self):
        super().setUp()
        self.backup_extendable_registry()
        self.addCleanup(self.restore_extendable_registry)
        self.define()

    def define(self):
        class Partner(ExtendableBaseModel):
            __module__ = "odoo.addons.one.schemas"
            name: str = ""

        class Address(ExtendableBaseModel):
            __module__ = "odoo.addons.one.schemas"
            kind: Literal["address"] = "address"

        class Box(ExtendableBaseModel, Generic[T]):
            __module__ = "odoo.addons.one.schemas"
            content: T

        class Tag(ExtendableBaseModel):
            __module__ = "odoo.addons.two.schemas"
            kind: Literal["tag"] = "tag"

        self.Partner, self.Address, self.Box, self.Tag = Partner, Address, Box, Tag

    def extend(self, model, addon, **fields):
        """Define an extension with fields, each a type or a pair of type and default.

        :return: the extension
        """
        pairs = {
            name: field if isinstance(field, tuple) else (field, None)
            for name, field in fields.items()
        }
        return type(model)(
            f"{model.__name__}{addon.title()}",
            (model,),
            {
                "__module__": f"odoo.addons.{addon}.schemas",
                "__qualname__": f"{model.__name__}{addon.title()}",
                "__annotations__": {name: pair[0] for name, pair in pairs.items()},
                **{name: pair[1] for name, pair in pairs.items()},
            },
            extends=model,
        )

    @contextmanager
    def classes_of(self, *addons):
        """Build the classes of addons and use them in the block."""
        registry = AddonsRegistry()
        registry.init_addons(["extendable_fastapi", *addons])
        token = extendable_registry.set(registry)
        try:
            yield
        finally:
            extendable_registry.reset(token)

    def assertTakes(self, model, values, *addons):
        """Assert that the addons build silently and the model keeps the values."""
        with self.assertNoLogs(LOGGER, "WARNING"), self.classes_of(*addons):
            instance = model.model_validate(values)
            self.assertEqual(instance.model_dump(exclude_unset=True), values)


class TestNewModels(NewModelCase):
    def test_annotations_and_orders_of_addons(self):
        tag = {"kind": "tag", "color": "red"}
        boxed = {"content": tag}
        for make, value in (
            (lambda: self.Tag, tag),
            (lambda: Optional[self.Tag], tag),  # noqa: UP045
            (lambda: self.Tag | int, tag),
            (lambda: Annotated[self.Tag, Field(description="A tag")], tag),
            (lambda: list[self.Tag], [tag]),
            (lambda: dict[str, list[self.Tag | None]], {"a": [tag, None]}),
            (lambda: tuple[self.Address, self.Tag], ({"kind": "address"}, tag)),
            (
                lambda: Annotated[
                    Union[self.Address, self.Tag],  # noqa: UP007
                    Field(discriminator="kind"),
                ],
                tag,
            ),
            (lambda: self.Box[self.Tag], boxed),
            (lambda: list[self.Box[self.Tag]], [boxed]),
            (lambda: self.Box[list[self.Tag]], {"content": [tag]}),
            (lambda: self.Box[self.Box[self.Tag]], {"content": boxed}),
            (lambda: PagedCollection[self.Tag], {"count": 1, "items": [tag]}),
        ):
            for order in itertools.permutations(["two", "three", "four"]):
                if order.index("four") < order.index("two"):
                    continue  # four depends on two
                self.restore_extendable_registry()
                self.define()
                annotation = make()
                with self.subTest(annotation=annotation, order=order):
                    self.extend(self.Partner, "two", field=annotation)
                    self.extend(self.Partner, "three", active=(bool, True))
                    self.extend(self.Tag, "four", color=(str, ""))
                    self.assertTakes(self.Partner, {"field": value}, "one", *order)

    def test_chain_of_new_models(self):
        depth = 5
        models = [self.Partner]
        for level in range(depth):

            class New(ExtendableBaseModel):
                __module__ = "odoo.addons.two.schemas"
                __qualname__ = f"New{level}"

            self.extend(models[-1], "two", **{f"field{level}": New})
            models.append(New)
        for model in models:
            self.extend(model, "three", active=(bool, True))
        values = {"active": False}
        for level in reversed(range(depth)):
            values = {"active": False, f"field{level}": values}
        self.assertTakes(self.Partner, values, "one", "two", "three")

    def test_models_with_fields_of_each_other(self):
        self.extend(self.Partner, "two", tags=list[self.Tag])
        self.extend(self.Tag, "two", partner=self.Partner | None)
        self.extend(self.Partner, "three", active=(bool, True))
        self.extend(self.Tag, "three", color=(str, ""))
        values = {"tags": [{"color": "red", "partner": {"name": "Jo", "tags": []}}]}
        self.assertTakes(self.Partner, values, "one", "two", "three")

    def test_extended_generic_and_parametrized_model(self):
        boxes = self.Box[self.Partner]
        self.extend(self.Box, "two", tag=self.Tag)
        self.extend(boxes, "two", tags=list[self.Tag])
        self.extend(self.Box, "three", label=(str, ""))
        self.extend(boxes, "three", owner=(str, ""))
        self.extend(self.Partner, "three", tag=self.Tag)
        values = {
            "content": {"tag": {"kind": "tag"}},
            "tag": {"kind": "tag"},
            "tags": [{"kind": "tag"}],
            "label": "a",
            "owner": "b",
        }
        self.assertTakes(boxes, values, "one", "two", "three")

    def test_subclass_has_the_new_field(self):
        class Customer(self.Partner):
            __module__ = "odoo.addons.one.schemas"
            number: int = 0

        self.extend(self.Partner, "two", tag=self.Tag)
        self.extend(Customer, "three", rank=(int, 1))
        values = {"tag": {"kind": "tag"}, "rank": 2}
        self.assertTakes(Customer, values, "one", "two", "three")

    def test_forward_references(self):
        one = self.module(
            "one",
            """
            class Partner(ExtendableBaseModel):
                name: str = ""
            """,
        )
        self.module(
            "two",
            """
            class PartnerTwo(Partner, extends=Partner):
                tag: Tag | None = None
                tags: list[Tag] = []
                parent: Partner | None = None

            class Tag(ExtendableBaseModel):
                partners: list[Partner] = []
            """,
            Partner=one.Partner,
        )
        self.extend(one.Partner, "three", active=(bool, True))
        values = {
            "tag": {"partners": [{"name": "Jo", "active": False}]},
            "tags": [{"partners": []}],
            "parent": {"parent": {"active": False}},
        }
        self.assertTakes(one.Partner, values, "one", "two", "three")

    def module(self, addon, source, **names):
        """Create a module with postponed annotations from its source."""
        name = f"odoo.addons.{addon}.schemas"
        module = types.ModuleType(name)
        vars(module).update(names, ExtendableBaseModel=ExtendableBaseModel)
        sys.modules[name] = module
        self.addCleanup(sys.modules.pop, name)
        lines = [line.removeprefix(" " * 12) for line in source.splitlines()]
        text = "\n".join(["from __future__ import annotations", *lines])
        exec(text, vars(module))  # noqa: S102
        return module


class TestRedefinedFields(NewModelCase):
    def test_subclass_of_the_former_model(self):
        class AddressTag(self.Address):
            __module__ = "odoo.addons.two.schemas"
            tag: str = ""

        self.extend(self.Partner, "one", address=self.Address)
        self.extend(self.Partner, "two", address=AddressTag)
        self.extend(self.Partner, "three", active=(bool, True))
        values = {"address": {"tag": "x"}}
        self.assertTakes(self.Partner, values, "one", "two", "three")

    def test_unrelated_model(self):
        class Customer(self.Partner):
            __module__ = "odoo.addons.one.schemas"

        class Friend(Customer):
            __module__ = "odoo.addons.one.schemas"

        self.extend(self.Partner, "one", address=self.Address)
        self.extend(self.Partner, "two", address=self.Tag)
        self.extend(self.Partner, "three", active=(bool, True))
        with (
            self.assertLogs(LOGGER, "ERROR") as log,
            self.classes_of("one", "two", "three"),
        ):
            self.assertEqual(self.Tag().kind, "tag")
            for model in (self.Partner, Customer, Friend):
                with self.assertRaisesRegex(ExtensionError, "PartnerTwo"):
                    model(name="Jo")
        logged = "\n".join(log.output)
        self.assertIn("PartnerTwo (addon two), which extends", logged)
        self.assertRegex(logged, "the field 'address' becomes .*Tag.*, was .*Address")

    def test_model_of_an_addon_that_is_not_installed(self):
        self.extend(self.Partner, "one", address=self.Address)
        self.extend(self.Partner, "three", address=self.Address | self.Tag)
        self.assertTakes(self.Partner, {"address": {"kind": "tag"}}, "one", "three")
