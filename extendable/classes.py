# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The extendable classes of one database.

The library ``extendable`` collects the definitions of classes while modules are
imported, which happens once in a process, and makes final classes of them in a
registry. What is different here:

*Addons.* A registry takes the definitions of some addons, in a given order. The library
matches names of modules as SQL does, where ``my_demo`` stands for ``my1demo`` too.

*Errors.* A class that can't be built is logged with the extension that is the reason.
Nothing but what needs this class is affected: it gets an :class:`ExtensionError`.

*Parametrized models* (``Page[Partner]``). Two of them may be called the same, with
different partners; here they are told apart by what they are made of. One that is made
after the registry was built is built when it is asked for.

*Databases.* Each has its own methods, see ``cells``.

*Threads.* A database is loaded while others are served. The library takes no definition
while a registry is built, in any thread; here, in the thread that builds.

*Speed.* See ``calls``.
"""

from __future__ import annotations

import logging
import threading
import types
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from extendable import main
from extendable.context import extendable_registry
from extendable.main import ExtendableMeta
from extendable.registry import ExtendableClassesRegistry

from .calls import final_metaclass, speed_up
from .cells import with_own_cell
from .checks import find_errors, find_warnings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from extendable.main import ExtendableClassDef

__all__ = ["AddonsRegistry", "ExtensionError"]

_logger = logging.getLogger(__name__)

#: Held while definitions are read, renamed and built. Others may be added meanwhile.
_lock = threading.RLock()
#: The value of an argument that nobody has given.
_MISSING: Any = object()


class ExtensionError(Exception):
    """A class can't be used in a database.

    :param name: of the class in the registry
    :param culprit: the class that is the reason: itself, or one that extends it
    :param reason: what is wrong
    """

    def __init__(self, name: str, culprit: str, reason: str) -> None:
        super().__init__(name, culprit, reason)
        self.name = name
        self.culprit = culprit
        self.reason = reason

    def __str__(self) -> str:
        extends = "" if self.culprit == self.name else f", which extends {self.name}"
        return f"{_shown(self.culprit)}{extends}, can't be used: {self.reason}"


class _Part(NamedTuple):
    """One class statement: the class itself, or an extension of it."""

    name: str
    cls: Any
    definition: ExtendableClassDef

    def __str__(self) -> str:
        return f"{self.cls.__module__}.{self.cls.__qualname__}"

    @property
    def extends(self) -> bool:
        """Whether the statement extends a class, rather than defining one."""
        return vars(self.cls).get("__xreg_first_name__", self.name) != str(self)

    def bases(self) -> Iterator[Any]:
        """Yield the bases of the statement, an extendable one as the name it has."""
        for base in self.cls.__bases__:
            if isinstance(base, ExtendableMeta):
                yield base.__xreg_name__
            else:
                yield base


class _BuildMode(threading.local):
    """Tells the library whether classes are definitions; true in building threads."""

    active = False

    def __bool__(self) -> bool:
        return self.active


_build_mode = _BuildMode()


class AddonsRegistry(ExtendableClassesRegistry):
    """The final classes of some addons."""

    def __init__(self) -> None:
        super().__init__()
        #: By the name of the class, then of the statement: a module whose import failed
        #: and was tried again has defined its classes twice.
        self._parts: dict[str, dict[str, _Part]] = {}
        self._errors: dict[str, ExtensionError] = {}
        self._building_late: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        """Return the final class of a name.

        :raises ExtensionError: it could not be built
        :raises KeyError: nobody has defined it in these addons
        """
        cls = self._extendable_classes.get(key)
        if cls is None:
            cls = self._find(key)
            if cls is None:
                raise KeyError(key)
        return cls

    def get(self, key: str, default: Any = None) -> Any:
        """Return the final class of a name, or the default.

        :raises ExtensionError: it could not be built
        """
        cls = self._extendable_classes.get(key)
        if cls is None:
            cls = self._find(key)
        return default if cls is None else cls

    def init_addons(self, addons: Iterable[str], tests_of: str | None = None) -> None:
        """Build the classes of addons; what was built before is built anew.

        Those of Python libraries belong to all databases.

        :param addons: technical names, in the order in which their extensions apply
        :param tests_of: addon whose classes for tests are there too, for no other
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

        :param module_matchings: names of modules, or beginnings that end with ``*``;
            by default all that have been imported
        """
        names = ["*"] if module_matchings is None else list(module_matchings)
        for listener in self.listeners:
            listener.before_init_registry(self, names)
        with _lock, self.build_mode(), self._active():
            for name in names:
                for module in list(main._extendable_class_defs_by_module):
                    if module == name or (
                        name.endswith("*") and module.startswith(name[:-1])
                    ):
                        self.load_extendable_classes(module)
            self.build_extendable_classes()
            self._notify_listeners()
        self.ready = True
        for error in self._errors.values():
            cause = error.__cause__
            known = isinstance(cause, ExtensionError)
            _logger.error("%s", error, exc_info=None if known else cause)

    @contextmanager
    def build_mode(self) -> Iterator[None]:
        main._registry_build_mode = _build_mode
        before, _build_mode.active = _build_mode.active, True
        try:
            yield
        finally:
            _build_mode.active = before

    @contextmanager
    def _active(self) -> Iterator[None]:
        token = extendable_registry.set(self)
        try:
            yield
        finally:
            extendable_registry.reset(token)

    def load_extendable_classes(self, module: str) -> None:
        if module not in self._loaded_modules:
            for cls_def in main._extendable_class_defs_by_module.get(module, ()):
                if hasattr(cls_def, "original_cls"):  # the class statement has passed
                    self.load_extendable_class_def(cls_def)
            self._loaded_modules.add(module)

    def load_extendable_class_def(self, cls_def: ExtendableClassDef) -> None:
        cls = cls_def.original_cls
        speed_up(cls)
        _settle_name(cls)
        part = _Part(cls.__xreg_name__, cls, cls_def)
        self._parts.setdefault(part.name, {})[str(part)] = part

    def build_extendable_classes(self) -> None:
        self._extendable_classes.clear()
        self._errors.clear()
        waiting = dict(self._parts)
        while waiting:
            free = [
                name
                for name, parts in waiting.items()
                if not any(
                    base in waiting and base != name
                    for part in parts.values()
                    for base in part.bases()
                    if isinstance(base, str)
                )
            ]
            for name in free or list(waiting):
                parts = list(waiting.pop(name).values())
                if free:
                    self._build(name, parts)
                else:
                    self._fail(parts[-1], "its extensions inherit from each other")
        for name in list(self._extendable_classes):
            self._check(name)

    def _build(self, name: str, parts: list[_Part]) -> None:
        """Build the class of a name: its definition, then one class per extension."""
        cls: Any = None
        for level, part in enumerate(parts):
            try:
                cls = self._build_part(parts[0], part, level, cls)
            except Exception as err:
                self._fail(part, _reason(err), err)
                return
        self._extendable_classes[name] = cls

    def _build_part(self, root: _Part, part: _Part, level: int, below: Any) -> Any:
        bases: list[Any] = []
        for base in part.bases():
            if base == part.name and below is not None:
                base = below
            elif isinstance(base, str):
                base = self._base(base)
            inherited = below is not None and base in below.__mro__[1:]
            if base not in bases and not inherited:
                bases.append(base)
        if level and below not in bases:
            bases.append(below)
        definition = part.definition
        namespace = {
            **with_own_cell(definition.namespace),
            # one class to whoever looks at it: in messages and in schemas
            "__qualname__": root.cls.__qualname__,
            "__xreg_name__": part.name,
            "__xreg_level__": level,
            "__xreg_original_cls__": part.cls,
        }
        # pydantic makes private attributes of these, copied into each instance
        namespace.pop("_is_aggregated_class", None)
        namespace.pop("_original_cls", None)
        cls: Any = types.new_class(
            root.cls.__name__,
            tuple(bases),
            kwds={
                **definition.kwargs,
                "metaclass": final_metaclass(definition.metaclass),
            },
            exec_body=lambda target: target.update(namespace),
        )
        cls._is_aggregated_class = True
        cls._original_cls = part.cls
        cls.__xreg_all_base_names__ = {part.name}.union(
            *(getattr(base, "__xreg_all_base_names__", ()) for base in bases)
        )
        return cls

    def _base(self, name: str) -> Any:
        cls = self.get(name)
        if cls is None:
            raise TypeError(f"no addon that is loaded before defines {name}")
        return cls

    def _check(self, name: str) -> None:
        """Take out a class if an extension does to a field what it must not do.

        Not while classes are built: to compare the types of fields, all of them have to
        be there. The bases of the class have been checked.
        """
        below: Any = None
        for part, cls in self._levels(name):
            try:
                for base in part.bases():
                    if isinstance(base, str) and base != name:
                        self._base(base)
                if below is not None:
                    for error in find_errors(below, cls):
                        raise TypeError(error)
                    for warning in find_warnings(below, cls):
                        _logger.warning(
                            "%s, which extends %s: %s",
                            _shown(str(part)),
                            name,
                            warning,
                        )
            except Exception as err:
                del self._extendable_classes[name]
                self._fail(part, _reason(err), err)
                return
            below = cls

    def _levels(self, name: str) -> list[tuple[_Part, Any]]:
        """Return the statements that a final class was made of, each with its class."""
        levels = [
            base
            for base in self._extendable_classes[name].__mro__
            if "__xreg_level__" in vars(base) and base.__xreg_name__ == name
        ]
        return list(zip(self._parts[name].values(), reversed(levels), strict=True))

    def _notify_listeners(self) -> None:
        """Let listeners finish the classes; one that fails is taken out.

        That of ``extendable_pydantic`` makes the schemas of all models, and stops at
        the first that it can't make.
        """
        for listener in self.listeners:
            try:
                listener.on_registry_initialized(self)
            except Exception as err:
                _logger.debug("%s: %s", listener, err)
                self._rebuild_models()

    def _rebuild_models(self) -> None:
        """Make the schemas of the models again, and find out which have none."""
        broken = True
        while broken:  # a model may hold one that turned out to be broken
            broken = False
            for name, cls in list(self._extendable_classes.items()):
                if not hasattr(cls, "model_rebuild"):
                    continue
                for part, part_cls in self._levels(name):
                    # a model's schema is that of the class with its name
                    self._extendable_classes[name] = part_cls
                    try:
                        part_cls.model_rebuild(force=True)
                    except Exception as err:
                        del self._extendable_classes[name]
                        self._fail(part, _reason(err), err)
                        broken = True
                        break

    def _fail(self, part: _Part, reason: str, err: Exception | None = None) -> None:
        culprit = str(part) if part.extends else part.name
        error = ExtensionError(part.name, culprit, reason)
        error.__cause__ = err
        self._errors[part.name] = error

    def _find(self, key: str) -> Any:
        """Return the class of a name that is not among the built ones, if any."""
        error = self._errors.get(key)
        if error is not None:
            raise ExtensionError(*error.args)
        if not self.ready or not key.endswith("]"):
            return None
        return self._build_late(key)

    def _build_late(self, key: str) -> Any:
        """Build a model that was parametrized after the registry was built."""
        with _lock:
            found = {
                cls_def.original_cls: cls_def
                for cls_defs in list(main._extendable_class_defs_by_module.values())
                for cls_def in cls_defs
                # while the class is being made, pydantic asks for it: it has none yet
                if getattr(cls_def, "original_cls", None) is not None
                and cls_def.original_cls.__xreg_name__ == key
            }
            if not found or key in self._building_late:
                return None
            if len(found) > 1:
                raise ExtensionError(
                    key, key, "more than one model has this name; use it at the top"
                )
            ((cls, cls_def),) = found.items()
            _settle_name(cls)
            name = cls.__xreg_name__
            if name not in self:
                self.load_extendable_class_def(cls_def)
                self._building_late.add(name)
                try:
                    with self.build_mode(), self._active():
                        self._build(name, list(self._parts[name].values()))
                        if name in self._extendable_classes:
                            self._check(name)
                finally:
                    self._building_late.discard(name)
            return self[name]


def _settle_name(cls: Any) -> None:
    """Name a parametrized model by its origin and its arguments, in full.

    What pydantic calls it, and so the library, says neither where an argument comes
    from nor, below pydantic 2.13, in which module it was parametrized.
    """
    generic = getattr(cls, "__pydantic_generic_metadata__", None) or {}
    if generic.get("origin") is not None:
        arguments = ", ".join(map(_full_name, generic["args"]))
        name = f"{generic['origin'].__xreg_name__}[{arguments}]"
        if cls.__xreg_name__ != name:
            cls.__xreg_first_name__ = cls.__xreg_name__
            cls.__xreg_name__ = name
        return
    for base in cls.__bases__:  # an extension of such a model
        first = vars(base).get("__xreg_first_name__")
        if first is not None and first == cls.__xreg_name__:
            cls.__xreg_name__ = base.__xreg_name__


def _full_name(argument: Any) -> str:
    if isinstance(argument, type) and not isinstance(argument, types.GenericAlias):
        name = getattr(argument, "__xreg_name__", None)
        return name or f"{argument.__module__}.{argument.__qualname__}"
    return repr(argument)


def _addon(name: str) -> str:
    """Return the addon that a module or class belongs to, empty for a library."""
    parts = name.split(".", 3)
    return parts[2] if parts[:2] == ["odoo", "addons"] else ""


def _shown(name: str) -> str:
    addon = _addon(name)
    return f"{name} (addon {addon})" if addon else name


def _reason(err: Exception) -> str:
    """Return what an exception says, without pydantic's reference to its website."""
    message, _sep, _more = str(err).partition("\n\nFor further information")
    return message or type(err).__name__
