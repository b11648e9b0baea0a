# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Build the extendable classes of one database.

The library ``extendable`` collects class statements while modules are imported, once in
each process. A registry builds the final classes from them. This registry differs from
the library's in these points:

*Addons.* It takes the statements of given addons, in a given order. The library matches
module names with SQL's ``LIKE``: to it, ``my_demo`` is also ``my1demo``.

*Errors.* If a class can't be built, the log names the extension that caused it. Only
code that needs the class fails, with :class:`ExtensionError`.

*Parametrized models* (``Page[Partner]``). Their names hold the full names of their
arguments. A model that is parametrized after the registry was built is built on first
use.

*Databases.* Each database has its own copies of methods, see ``cells``.

*Threads.* While a registry is built, the library collects no statements, in any thread.
Here, only the building thread collects none.

*Speed.* See ``calls``.
"""

from __future__ import annotations

import logging
import operator
import sys
import threading
import types
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from extendable import main
from extendable.main import ExtendableMeta
from extendable.registry import ExtendableClassesRegistry

from .calls import final_metaclass, speed_up, use_registry
from .cells import with_own_cell
from .checks import find_errors, find_warnings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from extendable.main import ExtendableClassDef

__all__ = ["AddonsRegistry", "ExtensionError"]

_logger = logging.getLogger(__name__)

#: Held while statements are read, renamed and built. Imports may add more meanwhile.
_lock = threading.RLock()


class ExtensionError(Exception):
    """A class can't be used in a database.

    :param name: name of the class in the registry
    :param cause: name of the class that caused it: the class itself or an extension
    :param reason: what is wrong with the cause
    """

    def __init__(self, name: str, cause: str, reason: str) -> None:
        super().__init__(name, cause, reason)
        self.name = name
        self.cause = cause
        self.reason = reason

    def __str__(self) -> str:
        extends = "" if self.cause == self.name else f", which extends {self.name}"
        return f"{_describe(self.cause)}{extends}, can't be used: {self.reason}"


class ClassStatement(NamedTuple):
    """A ``class`` statement that defines an extendable class or extends one."""

    name: str
    cls: Any
    definition: ExtendableClassDef

    def __str__(self) -> str:
        return f"{self.cls.__module__}.{self.cls.__qualname__}"

    @property
    def is_extension(self) -> bool:
        """Whether the statement extends a class."""
        first_name = vars(self.cls).get("__xreg_first_name__", self.name)
        return bool(first_name != str(self))

    @property
    def bases(self) -> list[Any]:
        """The bases in the statement; extendable ones as their name in the registry."""
        return [
            base.__xreg_name__ if isinstance(base, ExtendableMeta) else base
            for base in self.cls.__bases__
        ]


class _BuildMode(threading.local):
    """The library's flag "don't collect statements", for the current thread only."""

    active = False

    def __bool__(self) -> bool:
        return self.active


_build_mode = _BuildMode()


class AddonsRegistry(ExtendableClassesRegistry):
    """The final classes of some addons."""

    def __init__(self) -> None:
        super().__init__()
        #: By name of the class, then by name of the statement: if the import of a
        #: module failed and was repeated, the last statement of a name counts.
        self._statements: dict[str, dict[str, ClassStatement]] = {}
        self._errors: dict[str, ExtensionError] = {}

    def __getitem__(self, key: str) -> Any:
        """Return the final class of a name.

        :raises ExtensionError: the class could not be built
        :raises KeyError: no loaded addon defines it
        """
        cls = self.get(key)
        if cls is None:
            raise KeyError(key)
        return cls

    def get(self, key: str, default: Any = None) -> Any:
        """Return the final class of a name, or the default.

        :raises ExtensionError: the class could not be built
        """
        cls = self._extendable_classes.get(key)
        if cls is None:
            if key in self._errors:
                raise ExtensionError(*self._errors[key].args)
            if self.ready and key.endswith("]"):
                cls = self._build_late(key)
        return default if cls is None else cls

    def init_addons(self, addons: Iterable[str], tests_of: str | None = None) -> None:
        """Build all classes of the addons, and those of Python libraries.

        :param addons: technical names, in the order in which their extensions apply
        :param tests_of: name of the addon whose ``tests`` package counts too
        """
        with _lock:
            modules: dict[str, list[str]] = {addon: [] for addon in ("", *addons)}
            for module in list(main._extendable_class_defs_by_module):
                addon = _addon(module)
                is_test = module.startswith(f"odoo.addons.{addon}.tests.")
                if addon in modules and (addon == tests_of or not is_test):
                    modules[addon].append(module)
            self.init_registry([name for names in modules.values() for name in names])

    def init_registry(self, module_matchings: list[str] | None = None) -> None:
        """Build the classes of modules.

        :param module_matchings: names of modules, or prefixes followed by ``*``; all
            imported modules by default
        """
        names = ["*"] if module_matchings is None else list(module_matchings)
        for listener in self.listeners:
            listener.before_init_registry(self, names)
        with _lock, self.build_mode(), use_registry(self):
            for name in names:
                for module in list(main._extendable_class_defs_by_module):
                    prefix = name.removesuffix("*")
                    if module == name or (prefix != name and module.startswith(prefix)):
                        self.load_extendable_classes(module)
            self.build_extendable_classes()
            self._notify_listeners()
        self.ready = True
        for error in self._errors.values():
            err = error.__cause__
            known = isinstance(err, ExtensionError)
            _logger.error("%s", error, exc_info=None if known else err)

    @contextmanager
    def build_mode(self) -> Iterator[None]:
        """Collect no statements in this thread."""
        main._registry_build_mode = _build_mode  # type: ignore[assignment]
        before, _build_mode.active = _build_mode.active, True
        try:
            yield
        finally:
            _build_mode.active = before

    def load_extendable_classes(self, module: str) -> None:
        if module not in self._loaded_modules:
            for cls_def in main._extendable_class_defs_by_module.get(module, ()):
                cls = getattr(cls_def, "original_cls", None)
                # another registry has needed a model of an argument that is its own
                if cls is not None and "__xreg_late__" not in vars(cls):
                    self.load_extendable_class_def(cls_def)
            self._loaded_modules.add(module)

    def load_extendable_class_def(self, cls_def: ExtendableClassDef) -> None:
        cls = cls_def.original_cls
        speed_up(cls)
        _settle_name(cls)
        statement = ClassStatement(cls.__xreg_name__, cls, cls_def)
        self._statements.setdefault(statement.name, {})[str(statement)] = statement

    def build_extendable_classes(self) -> None:
        """Build the classes: bases first, then the classes that inherit from them."""
        self._extendable_classes.clear()
        self._errors.clear()
        waiting = dict(self._statements)
        while waiting:
            buildable = [
                name
                for name, statements in waiting.items()
                if not any(
                    isinstance(base, str) and base in waiting and base != name
                    for statement in statements.values()
                    for base in statement.bases
                )
            ]
            for name in buildable or list(waiting):
                statements = list(waiting.pop(name).values())
                if buildable:
                    self._build(name, statements)
                else:
                    reason = "its extensions inherit from each other"
                    self._record_error(statements[-1], reason)
        for name in list(self._extendable_classes):
            self._check(name)

    def _build(self, name: str, statements: list[ClassStatement]) -> None:
        """Build a final class: one class for each of its statements, in their order."""
        cls: Any = None
        for level, statement in enumerate(statements):
            try:
                cls = self._build_statement(statements[0], statement, level, cls)
            except Exception as err:
                self._record_error(statement, _reason(err), err)
                return
        self._extendable_classes[name] = cls

    def _build_statement(
        self,
        first: ClassStatement,
        statement: ClassStatement,
        level: int,
        parent_class: Any,
    ) -> Any:
        """Build the class of one statement.

        :param first: the statement that defines the class
        :param level: number of statements before this one
        :param parent_class: built from the statement before; None for the first
        """
        inherited = () if parent_class is None else parent_class.__mro__[1:]
        bases: list[Any] = []
        for base in statement.bases:
            if base == statement.name and parent_class is not None:
                base = parent_class
            elif isinstance(base, str):
                base = self._get_base(base)
            if base not in bases and base not in inherited:
                bases.append(base)
        if level and parent_class not in bases:
            bases.append(parent_class)
        definition = statement.definition
        namespace = {
            **with_own_cell(definition.namespace),
            # messages and schemas show the name of the class, not of an extension
            "__qualname__": first.cls.__qualname__,
            "__xreg_name__": statement.name,
            "__xreg_level__": level,
            "__xreg_original_cls__": statement.cls,
        }
        # pydantic would copy these into each instance, as private attributes
        namespace.pop("_is_aggregated_class", None)
        namespace.pop("_original_cls", None)
        cls: Any = types.new_class(
            first.cls.__name__,
            tuple(bases),
            kwds={
                **definition.kwargs,
                "metaclass": final_metaclass(definition.metaclass),
            },
            exec_body=lambda target: target.update(namespace),
        )
        cls._is_aggregated_class = True
        cls._original_cls = statement.cls
        cls.__xreg_all_base_names__ = {statement.name}.union(
            *(getattr(base, "__xreg_all_base_names__", ()) for base in bases)
        )
        return cls

    def _get_base(self, name: str) -> Any:
        cls = self.get(name)
        if cls is None:
            raise TypeError(f"no addon that is loaded before defines {name}")
        return cls

    def _check(self, name: str) -> None:
        """Remove a class if an extension changes a field in a way that is not allowed.

        Called when all classes are built, as it compares them. Bases come first.
        """
        parent_class: Any = None
        for statement, cls in self._get_levels(name):
            try:
                for base in statement.bases:
                    if isinstance(base, str) and base != name:
                        self._get_base(base)
                if parent_class is not None:
                    for error in find_errors(parent_class, cls):
                        raise TypeError(error)
                    extension = _describe(str(statement))
                    for warning in find_warnings(parent_class, cls):
                        _logger.warning(
                            "%s, which extends %s: %s", extension, name, warning
                        )
            except Exception as err:
                del self._extendable_classes[name]
                self._record_error(statement, _reason(err), err)
                return
            parent_class = cls

    def _get_levels(self, name: str) -> list[tuple[ClassStatement, Any]]:
        """Return the statements of a final class, each with the class built from it."""
        levels = [
            base
            for base in self._extendable_classes[name].__mro__
            if "__xreg_level__" in vars(base) and vars(base)["__xreg_name__"] == name
        ]
        statements = self._statements[name].values()
        return list(zip(statements, reversed(levels), strict=True))

    def _notify_listeners(self) -> None:
        """Call the listeners, and remove classes that make one fail.

        The listener of ``extendable_pydantic`` makes the schemas of all models, and
        stops at the first model that fails.
        """
        for listener in self.listeners:
            try:
                listener.on_registry_initialized(self)
            except Exception as err:
                _logger.debug("%s: %s", listener, err)
                self._rebuild_models()

    def _rebuild_models(self) -> None:
        """Make the schemas of the models again, and remove models without one."""
        removed = True
        while removed:  # another model may have a field of a removed one
            removed = False
            for name, cls in list(self._extendable_classes.items()):
                if not hasattr(cls, "model_rebuild"):
                    continue
                for statement, level_cls in self._get_levels(name):
                    # pydantic makes the schema of the class that has the name
                    self._extendable_classes[name] = level_cls
                    try:
                        level_cls.model_rebuild(force=True)
                    except Exception as err:
                        del self._extendable_classes[name]
                        self._record_error(statement, _reason(err), err)
                        removed = True
                        break

    def _record_error(
        self, statement: ClassStatement, reason: str, err: Exception | None = None
    ) -> None:
        cause = str(statement) if statement.is_extension else statement.name
        error = ExtensionError(statement.name, cause, reason)
        error.__cause__ = err
        self._errors[statement.name] = error

    def _build_late(self, key: str) -> Any:
        """Build a model that was parametrized after the registry was built.

        :return: None if this thread already builds it, or if no model has the name
        """
        with _lock:
            # another thread may have built it while this one waited for the lock
            if key in self._extendable_classes or key in self._errors:
                return self.get(key)
            if key in self._statements:
                return None
            found = _find_models(key)
            if not found:
                return None
            names = {_final_name(cls) for cls in found}
            if len(names) > 1:
                raise ExtensionError(
                    key, key, "more than one model has this name; use it at the top"
                )
            # two threads that parametrize a model at the same moment make two classes
            for cls in found:
                _settle_name(cls)
            name = vars(cls)["__xreg_name__"]
            if "#" in name:
                cls.__xreg_late__ = True
            if name not in self and name not in self._statements:
                self.load_extendable_class_def(found[cls])
                with self.build_mode(), use_registry(self):
                    self._build(name, list(self._statements[name].values()))
                    if name in self._extendable_classes:
                        self._check(name)
            return self.get(name)


def _find_models(key: str) -> dict[Any, ExtendableClassDef]:
    """Return the models that have a name in the registry.

    If there is none, return those that had it until another thread settled their name.
    """
    found = {}
    settled = {}
    is_created = False
    for cls_defs in list(main._extendable_class_defs_by_module.values()):
        for cls_def in list(cls_defs):
            cls = getattr(cls_def, "original_cls", None)
            if cls is None:
                # pydantic asks for a model already while its class is created
                is_created = is_created or cls_def.name == key
            elif vars(cls)["__xreg_name__"] == key:
                found[cls] = cls_def
            elif vars(cls).get("__xreg_first_name__") == key:
                settled[cls] = cls_def
    return found or ({} if is_created else settled)


def _final_name(cls: Any) -> str:
    """Return the name of a parametrized model: its origin, the names of its arguments.

    Pydantic's name, which the library uses, has short names of arguments, and before
    pydantic 2.13 it lacks the module.

    :return: the name that the class has if it is not parametrized
    """
    generic = getattr(cls, "__pydantic_generic_metadata__", None) or {}
    if generic.get("origin") is None:
        return str(cls.__xreg_name__)
    arguments = ", ".join(map(_full_name, generic["args"]))
    return f"{generic['origin'].__xreg_name__}[{arguments}]"


def _settle_name(cls: Any) -> None:
    """Give a parametrized model its final name, and an extension that of its base."""
    name = _final_name(cls)
    if cls.__xreg_name__ != name:
        cls.__xreg_first_name__ = cls.__xreg_name__
        cls.__xreg_name__ = name
    for base in cls.__bases__:  # an extension of a parametrized model
        if vars(base).get("__xreg_first_name__") == cls.__xreg_name__:
            cls.__xreg_name__ = base.__xreg_name__


def _full_name(argument: Any) -> str:
    """Return the name of an argument.

    Classes that functions create may have the same name, as those of ``schema_from`` in
    two databases do. Their names end with a number.
    """
    if isinstance(argument, type) and not isinstance(argument, types.GenericAlias):
        name = getattr(argument, "__xreg_name__", None)
        if name:
            return str(name)
        generic = getattr(argument, "__pydantic_generic_metadata__", None) or {}
        if generic.get("origin") is not None:
            arguments = ", ".join(map(_full_name, generic["args"]))
            return f"{_full_name(generic['origin'])}[{arguments}]"
        name = f"{argument.__module__}.{argument.__qualname__}"
        return name if _is_global(argument) else f"{name}#{id(argument)}"
    # list[Schema] shows the names of its arguments without numbers
    numbers = [
        f"#{id(each)}"
        for each in _classes_in(argument)
        if not isinstance(each, ExtendableMeta) and not _is_global(each)
    ]
    return repr(argument) + "".join(numbers)


def _classes_in(argument: Any) -> Iterator[type]:
    for each in get_args(argument):
        if isinstance(each, type) and not isinstance(each, types.GenericAlias):
            yield each
        else:
            yield from _classes_in(each)


def _is_global(cls: type) -> bool:
    """Return whether a class is what its name says."""
    if cls.__module__ == "builtins":  # which has no NoneType
        return True
    try:
        return operator.attrgetter(cls.__qualname__)(sys.modules[cls.__module__]) is cls
    except (AttributeError, KeyError):
        return False


def _addon(name: str) -> str:
    """Return the addon of a module or class, or an empty string."""
    parts = name.split(".", 3)
    return parts[2] if parts[:2] == ["odoo", "addons"] else ""


def _describe(name: str) -> str:
    addon = _addon(name)
    return f"{name} (addon {addon})" if addon else name


def _reason(err: Exception) -> str:
    """Return the message of an exception, without pydantic's link to its website."""
    message, _sep, _more = str(err).partition("\n\nFor further information")
    return message or type(err).__name__
