# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=missing-return
import functools
import types

from odoo.tests import BaseCase

from odoo.addons.extendable.cells import with_own_cell


def doubled(function):
    """Keep the decorated function in a closure, as common decorators do."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs) * 2

    return wrapper


class Once:
    """A decorator that is a class."""

    def __init__(self, function):
        functools.update_wrapper(self, function)

    def __get__(self, instance, cls):
        return self.__wrapped__(instance)


class Base:
    def method(self):
        return "base"

    decorated = with_default = recursive = method

    @classmethod
    def class_method(cls):
        return cls.__name__

    @staticmethod
    def static_method(self):
        return "static"

    prop = cached = property(lambda self: "prop")


def keeping():
    """Return a metaclass, and the namespace that it will be called with."""
    kept = {}

    class Meta(type):
        def __new__(metacls, name, bases, namespace):
            kept.update(namespace)
            return super().__new__(metacls, name, bases, namespace)

    return Meta, kept


def statement():
    """Return a class and the namespace of its statement, with its cell."""
    Meta, kept = keeping()
    count = 0

    class Extension(Base, metaclass=Meta):
        def method(self):
            return f"extended {super().method()}"

        @doubled
        def decorated(self):
            """Return the word twice."""
            return super().decorated()

        def with_default(self, a, b=2, *, c: int = 3):
            return super().with_default(), a, b, c

        def counted(self):
            nonlocal count
            count += 1
            return count, super().method()

        def count(self):
            return count

        @classmethod
        def class_method(cls):
            return super().class_method().lower()

        @property
        def prop(self):
            return super().prop.upper()

        @functools.cached_property
        def cached(self):
            return super().cached.title()

        def recursive(self, depth=1):
            def inner(depth):
                return inner(depth - 1) if depth else super(__class__, self).recursive()

            return inner(depth)

        plain = Base.static_method

    return Extension, kept


class TestCells(BaseCase):
    def make(self, namespace, name):
        """Create a class from a copy of a namespace, as final classes are."""
        copy = with_own_cell(namespace)
        return types.new_class(name, (Base,), exec_body=lambda ns: ns.update(copy))

    def test_super_in_each_class(self):
        original, namespace = statement()
        classes = [original, self.make(namespace, "One"), self.make(namespace, "Two")]
        for cls in (*classes, *classes):
            instance = cls()
            self.assertEqual(instance.method(), "extended base")
            self.assertEqual(instance.decorated(), "basebase")
            self.assertEqual(instance.with_default(1), ("base", 1, 2, 3))
            self.assertEqual(instance.class_method(), cls.__name__.lower())
            self.assertEqual(instance.prop, "PROP")
            self.assertEqual(instance.cached, "Prop")
            self.assertEqual(instance.recursive(), "base")

    def test_other_cells_are_shared(self):
        original, namespace = statement()
        one, two = self.make(namespace, "One"), self.make(namespace, "Two")
        self.assertEqual(one().counted(), (1, "base"))
        self.assertEqual(two().counted(), (2, "base"))
        self.assertEqual(original().count(), 2)

    def test_attributes_of_a_copy(self):
        original, namespace = statement()
        one = self.make(namespace, "One")
        for name in ("method", "decorated", "with_default"):
            before, after = getattr(original, name), getattr(one, name)
            self.assertIsNot(before, after)
            for attribute in ("__name__", "__qualname__", "__doc__", "__module__"):
                self.assertEqual(getattr(before, attribute), getattr(after, attribute))
            self.assertEqual(before.__annotations__, after.__annotations__)

    def test_other_values_are_not_copied(self):
        original, namespace = statement()
        one = self.make(namespace, "One")
        self.assertIs(vars(one)["plain"], vars(original)["plain"])
        self.assertIs(vars(one)["count"], vars(original)["count"])
        without = {"a": 1, "method": Base.method}
        self.assertEqual(with_own_cell(without), without)

    def test_cached_methods(self):
        Meta, namespace = keeping()

        class Extension(Base, metaclass=Meta):
            @functools.lru_cache(maxsize=2, typed=True)  # noqa: B019
            def method(self):
                return f"extended {super().method()}"

            @classmethod
            @functools.cache
            def class_method(cls):
                return super().class_method().lower()

            @functools.cache  # noqa: B019
            def prop(self):
                return "without super"

        one, two = self.make(namespace, "One"), self.make(namespace, "Two")
        for cls in (one, two, Extension):
            self.assertEqual(cls().method(), "extended base")
            self.assertEqual(cls.class_method(), cls.__name__.lower())
        self.assertEqual(
            one.method.cache_parameters(), Extension.method.cache_parameters()
        )
        self.assertEqual(one.method.cache_info().currsize, 1)
        self.assertIs(vars(one)["prop"], vars(Extension)["prop"])

    def test_dispatched_methods(self):
        Meta, namespace = keeping()

        class Extension(Base, metaclass=Meta):
            @functools.singledispatchmethod
            def method(self, value):
                return f"extended {super().method()}"

            @method.register
            def _(self, value: int):
                return super().method() * value

            @functools.singledispatchmethod
            def prop(self, value):
                return "without super"

        one, two = self.make(namespace, "One"), self.make(namespace, "Two")
        for cls in (one, two, Extension):
            self.assertEqual(cls().method(""), "extended base")
            self.assertEqual(cls().method(2), "basebase")
        self.assertIs(vars(one)["prop"], vars(Extension)["prop"])

    def test_unknown_decorators_are_refused(self):
        Meta, namespace = keeping()

        class Extension(Base, metaclass=Meta):
            @Once
            def method(self):
                return "without super"

            def prop(self):
                return super().prop

        self.assertEqual(self.make(namespace, "One")().method, "without super")

        class ExtensionWithSuper(Extension):
            @Once
            def method(self):
                return super().method

        with self.assertRaisesRegex(TypeError, "Once can't decorate a method"):
            with_own_cell(namespace)
