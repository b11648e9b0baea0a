# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Copy the methods of a class statement, so that ``super()`` works in several classes.

A method that uses ``super()`` reads its class from a cell, which Python fills when it
creates the class. One class statement makes a class for each database. If these shared
one cell, ``super()`` would only work in the last loaded database. So each class gets
copies of the methods, with a cell of its own.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import types
from typing import Any

__all__ = ["with_own_cell"]

#: Attributes that the constructor of functions doesn't set. Python 3.14 evaluates
#: annotations when they are read: copy the function that does.
_FUNCTION_ATTRIBUTES = (
    "__kwdefaults__",
    "__qualname__",
    "__doc__",
    "__module__",
    "__annotate__"
    if hasattr(types.FunctionType, "__annotate__")
    else "__annotations__",
    "__type_params__",
)


def with_own_cell(namespace: dict[str, Any]) -> dict[str, Any]:
    """Copy the namespace of a class statement, with a cell for another class.

    :param namespace: has ``__classcell__`` if a method uses ``super()``
    :raises TypeError: a decorator has put such a method into an unknown object
    """
    old = namespace.get("__classcell__")
    if old is None:
        return dict(namespace)
    copies = _Copies(old)
    return {name: copies.get(value) for name, value in namespace.items()}


class _Copies:
    """Copies of objects, with a new cell in place of the old one."""

    def __init__(self, old: types.CellType) -> None:
        self._copies: dict[int, Any] = {id(old): types.CellType()}
        self._old = old

    def get(self, value: Any) -> Any:
        """Copy a value if it holds a function with the old cell, or return it."""
        if id(value) in self._copies:
            return self._copies[id(value)]
        copy = self._copy(value)
        self._copies[id(value)] = copy
        return copy

    def _copy(self, value: Any) -> Any:
        if isinstance(value, types.FunctionType):
            return self._copy_function(value)
        if isinstance(value, classmethod | staticmethod):
            return self._rebuild(value, value.__func__)
        if isinstance(value, property):
            return self._rebuild(value, value.fget, value.fset, value.fdel)
        if isinstance(value, functools.cached_property):
            return self._rebuild(value, value.func)
        if isinstance(value, functools._lru_cache_wrapper):
            return self._copy_cached(value)
        if isinstance(value, functools.singledispatchmethod):
            return self._copy_dispatched(value)
        if isinstance(value, functools.partial | functools.partialmethod):
            func = self.get(value.func)
            if func is value.func:
                return value
            return type(value)(func, *value.args, **value.keywords)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            # pydantic's descriptors: validators, serializers, computed fields
            changed = {}
            for field in dataclasses.fields(value):
                before = getattr(value, field.name)
                after = self.get(before)
                if after is not before:
                    changed[field.name] = after
            return dataclasses.replace(value, **changed) if changed else value
        if not isinstance(value, type):
            self._refuse(value)
        return value

    def _copy_cached(self, value: Any) -> Any:
        function = self.get(value.__wrapped__)
        if function is value.__wrapped__:
            return value
        return functools.lru_cache(**value.cache_parameters())(function)

    def _copy_dispatched(self, value: Any) -> Any:
        functions = value.dispatcher.registry
        copies = {cls: self.get(function) for cls, function in functions.items()}
        if all(copies[cls] is function for cls, function in functions.items()):
            return value
        copy: Any = functools.singledispatchmethod(copies.pop(object))
        for cls, function in copies.items():
            copy.dispatcher.register(cls, function)
        return copy

    def _refuse(self, value: Any) -> None:
        """Raise an error if a decorator's object holds a method with the old cell."""
        for name in ("__wrapped__", "func"):
            # an object may compute attributes: a proxy of Odoo's request does
            if self._reaches(inspect.getattr_static(value, name, None), set()):
                raise TypeError(
                    f"{type(value).__name__} can't decorate a method that uses "
                    "super(); call super() in a second method"
                )

    def _rebuild(self, value: Any, *functions: Any) -> Any:
        copies = [self.get(function) for function in functions]
        unchanged = all(a is b for a, b in zip(copies, functions, strict=True))
        return value if unchanged else type(value)(*copies)

    def _copy_function(self, function: types.FunctionType) -> types.FunctionType:
        if not self._reaches(function, set()):
            return function
        cells = function.__closure__ or ()
        # cells from which the old cell can't be reached stay shared
        closure = tuple(
            self._copies.setdefault(
                id(cell), types.CellType() if self._reaches(cell, set()) else cell
            )
            for cell in cells
        )
        copy = types.FunctionType(
            function.__code__,
            function.__globals__,
            function.__name__,
            function.__defaults__,
            closure,
        )
        # before the cells are filled: one may hold the function itself
        self._copies[id(function)] = copy
        for cell, own in zip(cells, closure, strict=True):
            if own is not cell and cell is not self._old:
                own.cell_contents = self.get(cell.cell_contents)
        for name in _FUNCTION_ATTRIBUTES:
            if hasattr(function, name):
                setattr(copy, name, getattr(function, name))
        copy.__dict__.update(
            {name: self.get(value) for name, value in vars(function).items()}
        )
        return copy

    def _reaches(self, value: Any, seen: set[int]) -> bool:
        """Return whether the old cell can be reached from a value."""
        if id(value) in seen:
            return False
        seen.add(id(value))
        if isinstance(value, types.CellType):
            if value is self._old:
                return True
            try:
                return self._reaches(value.cell_contents, seen)
            except ValueError:
                return False
        if isinstance(value, types.FunctionType):
            inside: Any = value.__closure__ or ()
        elif isinstance(value, classmethod | staticmethod):
            inside = (value.__func__,)
        elif isinstance(value, functools._lru_cache_wrapper):
            inside = (value.__wrapped__,)
        elif isinstance(value, functools.partial | functools.partialmethod):
            inside = (value.func,)
        else:
            return False
        return any(self._reaches(item, seen) for item in inside)
