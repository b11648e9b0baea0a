# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import threading
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

from extendable import ExtendableMeta, main
from extendable.context import extendable_registry

from odoo.tests import BaseCase

from odoo.addons.extendable import classes
from odoo.addons.extendable.classes import AddonsRegistry, ExtensionError
from odoo.addons.extendable.tests.common import ExtendableMixin

TIMEOUT = 10  # seconds


class Polite:
    def words(self):
        return ["dear", *super().words()]


def saying(word, addon, *bases, extends=None):
    """Define a class whose ``words`` end with a word."""

    class Saying(*bases, extends=extends):
        __module__ = f"odoo.addons.{addon}.people"
        __qualname__ = f"Saying{word.title()}"

        def words(self):
            return [*super().words(), word]

    return Saying


class TestClasses(ExtendableMixin, BaseCase):
    def setUp(self):
        super().setUp()
        self.backup_extendable_registry()
        self.addCleanup(self.restore_extendable_registry)

        class Person(metaclass=ExtendableMeta):
            __module__ = "odoo.addons.one.people"

            def __init__(self, name):
                self.name = name

            def words(self):
                return [self.name]

            @classmethod
            def make(cls, name):
                return cls(name)

        class PersonExtended(Person, extends=Person):
            __module__ = "odoo.addons.two.people"

            def words(self):
                return [*super().words(), "two"]

            @classmethod
            def make(cls, name):
                return super().make(name.upper())

        saying("three", "three", Person, extends=Person)
        self.person = Person
        self.extended = PersonExtended

    def build(self, *addons, **kwargs):
        """Build the classes of addons and use them for the rest of the test."""
        registry = AddonsRegistry()
        registry.init_addons(addons, **kwargs)
        token = extendable_registry.set(registry)
        self.addCleanup(extendable_registry.reset, token)
        return registry

    def test_each_registry_has_the_extensions_of_its_addons(self):
        for addons, words in (
            (["one"], ["Jo"]),
            (["one", "two"], ["Jo", "two"]),
            (["one", "three"], ["Jo", "three"]),
            (["one", "two", "three"], ["Jo", "two", "three"]),
            (["one", "three", "two"], ["Jo", "three", "two"]),
        ):
            with self.subTest(addons):
                self.build(*addons)
                self.assertEqual(self.person("Jo").words(), words)
                self.assertEqual(self.extended("Jo").words(), words)
                self.assertIsInstance(self.person("Jo"), self.person)

    def test_two_registries_in_turn(self):
        """``super()`` uses the registry in use, not the last one built."""
        registries = [
            (["Jo", "two"], self.build("one", "two")),
            (["Jo", "three", "two"], self.build("one", "three", "two")),
            (["Jo"], self.build("one")),
        ]
        for words, registry in registries * 2:
            token = extendable_registry.set(registry)
            self.addCleanup(extendable_registry.reset, token)
            self.assertEqual(self.person("Jo").words(), words)

    def test_class_methods_of_extensions(self):
        self.build("one", "two")
        self.assertEqual(self.person.make("Jo").words(), ["JO", "two"])
        self.build("one")
        self.assertEqual(self.person.make("Jo").words(), ["Jo"])

    def test_exception_of_a_class_method(self):
        calls = []

        class Finder(metaclass=ExtendableMeta):
            __module__ = "odoo.addons.one.finders"

            @classmethod
            def find(cls, key):
                calls.append(key)
                return {}[key]

        self.build("one")
        with self.assertRaises(KeyError):
            Finder.find("key")
        self.assertEqual(calls, ["key"])

    def test_extension_of_an_extension(self):
        saying("four", "four", self.extended, extends=self.extended)
        self.build("one", "two", "four")
        self.assertEqual(self.person("Jo").words(), ["Jo", "two", "four"])

    def test_subclass_inherits_extensions_of_its_base(self):
        Friend = saying("friend", "one", self.person)
        self.build("one", "two")
        self.assertEqual(Friend("Jo").words(), ["Jo", "two", "friend"])
        self.assertIsInstance(Friend("Jo"), self.person)
        self.assertNotIsInstance(self.person("Jo"), Friend)
        self.assertEqual(self.person("Jo").words(), ["Jo", "two"])

    def test_extension_with_a_plain_base(self):
        class PersonPolite(Polite, self.person, extends=self.person):
            __module__ = "odoo.addons.polite.people"

        class PersonPoliteToo(Polite, self.person, extends=self.person):
            __module__ = "odoo.addons.three.people"

        self.build("one", "polite", "two")
        self.assertEqual(self.person("Jo").words(), ["dear", "Jo", "two"])
        self.build("one", "polite", "three")
        self.assertEqual(self.person("Jo").words(), ["dear", "Jo", "three"])

    def test_addons_with_similar_names(self):
        class PersonOdd(self.person, extends=self.person):
            __module__ = "odoo.addons.my1demo.people"

            def words(self):
                return ["my1demo"]

        self.build("one", "my_demo", "my")
        self.assertEqual(self.person("Jo").words(), ["Jo"])
        self.build("one", "my1demo")
        self.assertEqual(self.person("Jo").words(), ["my1demo"])

    def test_classes_in_tests_package(self):
        class PersonInTest(self.person, extends=self.person):
            __module__ = "odoo.addons.two.tests.test_people"

            def words(self):
                return ["test"]

        self.build("one", "two")
        self.assertEqual(self.person("Jo").words(), ["Jo", "two"])
        self.build("one", "two", tests_of="one")
        self.assertEqual(self.person("Jo").words(), ["Jo", "two"])
        self.build("one", "two", tests_of="two")
        self.assertEqual(self.person("Jo").words(), ["test"])

    def test_class_defined_twice(self):
        """The import of an addon failed, and is repeated."""

        def define(word):
            class Word(metaclass=ExtendableMeta):
                __module__ = "odoo.addons.one.words"
                text = word

            return Word

        define("old")
        word = define("new")
        self.build("one")
        self.assertEqual(word().text, "new")

    def test_no_registry(self):
        self.assertEqual(self.person.__name__, "Person")
        token = extendable_registry.set(None)
        self.addCleanup(extendable_registry.reset, token)
        with self.assertRaisesRegex(Exception, "not initialized"):
            self.person("Jo")

    def test_error_names_class_and_addon(self):
        class Lonely(metaclass=ExtendableMeta):
            __module__ = "odoo.addons.not_installed.people"

        class PersonLost(self.person, Lonely, extends=self.person):
            __module__ = "odoo.addons.lost.people"

        class Friend(self.person):
            __module__ = "odoo.addons.one.people"

        class Animal(metaclass=ExtendableMeta):
            __module__ = "odoo.addons.one.animals"
            legs = 4

        with self.assertLogs("odoo.addons.extendable.classes", "ERROR") as log:
            registry = self.build("one", "lost")
        lost = f"odoo.addons.lost.people.{PersonLost.__qualname__}"
        message = log.records[0].getMessage()
        self.assertIn(f"{lost} (addon lost), which extends", message)
        self.assertIn("no addon that is loaded before defines", message)
        self.assertEqual(Animal().legs, 4)
        with self.assertRaises(ExtensionError) as caught:
            self.person("Jo")
        self.assertEqual(caught.exception.cause, lost)
        with self.assertRaisesRegex(ExtensionError, "PersonLost"):
            Friend("Jo")
        with self.assertRaises(ExtensionError):
            registry.get(self.person.__xreg_name__, None)

    def test_extensions_that_inherit_from_each_other(self):
        class Friend(self.person):
            __module__ = "odoo.addons.one.people"

        class PersonIsFriend(Friend, extends=self.person):
            __module__ = "odoo.addons.circle.people"

        class Animal(metaclass=ExtendableMeta):
            __module__ = "odoo.addons.circle.animals"

        with self.assertLogs("odoo.addons.extendable.classes", "ERROR") as log:
            self.build("one", "circle")
        self.assertIn("PersonIsFriend (addon circle)", "".join(log.output))
        self.assertIn("inherit from each other", "".join(log.output))
        self.assertTrue(Animal())

    def test_class_defined_in_another_thread_during_build(self):
        defined = []

        def define():
            class Parallel(metaclass=ExtendableMeta):
                __module__ = "odoo.addons.one.parallel"

            defined.append(Parallel)

        with AddonsRegistry().build_mode():
            thread = threading.Thread(target=define)
            thread.start()
            thread.join()
        self.assertTrue(defined)
        self.assertIn("odoo.addons.one.parallel", main._extendable_class_defs_by_module)
        self.build("one")
        self.assertTrue(defined[0]())

    def parametrized(self, name):
        """Define a class with the attributes of a model that pydantic parametrizes."""

        class Page(self.person):
            __module__ = "odoo.addons.one.people"
            __qualname__ = f"Person[{name}]"
            __pydantic_generic_metadata__ = {"origin": self.person, "args": (Polite,)}

        return Page

    def test_two_threads_parametrize_a_model(self):
        registry = self.build("one", "two")
        page = self.parametrized("Polite")
        waiting = threading.Event()
        builder = threading.get_ident()
        lock = classes._lock

        class Lock:
            def __enter__(self):
                if threading.get_ident() != builder:
                    waiting.set()
                return lock.__enter__()

            def __exit__(self, *args):
                return lock.__exit__(*args)

        def use():
            token = extendable_registry.set(registry)
            try:
                return page("Jo").words()
            finally:
                extendable_registry.reset(token)

        build = AddonsRegistry._build

        def build_slowly(registry, *args):
            other.append(pool.submit(use))
            self.assertTrue(waiting.wait(TIMEOUT))
            build(registry, *args)

        other = []
        with (
            ThreadPoolExecutor(1) as pool,
            patch.object(classes, "_lock", Lock()),
            patch.object(AddonsRegistry, "_build", build_slowly),
        ):
            words = page("Jo").words()
            self.assertEqual(other[0].result(TIMEOUT), words)
        self.assertEqual(words, ["Jo", "two"])

    def test_name_that_another_thread_has_settled(self):
        """A thread has read the name of a class, and then waited for the lock."""
        registry = self.build("one", "two")
        page = self.parametrized("Polite")
        first_name = page.__xreg_name__
        final = registry[first_name]
        self.assertNotEqual(page.__xreg_name__, first_name)
        self.assertIs(registry[first_name], final)
        self.assertIs(registry[page.__xreg_name__], final)

    def test_model_that_two_threads_have_parametrized(self):
        registry = self.build("one", "two")
        pages = [self.parametrized("Polite") for _number in range(2)]
        self.assertEqual([page("Jo").words() for page in pages], [["Jo", "two"]] * 2)
        first, second = (registry[page.__xreg_name__] for page in pages)
        self.assertIs(first, second)
