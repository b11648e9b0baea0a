# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Forward calls to the final class as the library does, faster.

The library binds the arguments of each call of a class method to its signature (20 to
50 µs). It marks final classes with an attribute, which pydantic copies into each
instance (15 µs).
"""

from __future__ import annotations

import functools
import types
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from extendable.context import extendable_registry
from extendable.main import ExtendableMeta

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from extendable.registry import ExtendableClassesRegistry

__all__ = ["final_metaclass", "speed_up", "use_registry"]

#: Libraries whose metaclasses look up the final class for each new instance.
LIBRARIES = ("extendable", "extendable_pydantic")


@contextmanager
def use_registry(registry: ExtendableClassesRegistry | None) -> Iterator[None]:
    """Use the final classes of a registry in the block; without one, none."""
    token = extendable_registry.set(registry)
    try:
        yield
    finally:
        extendable_registry.reset(token)


@functools.cache
def final_metaclass(metaclass: type[ExtendableMeta]) -> type[ExtendableMeta]:
    """Return a metaclass for final classes, which look up nothing for new instances."""
    call = next(
        vars(cls)["__call__"]
        for cls in type.mro(metaclass)
        if "__call__" in vars(cls) and cls.__module__.split(".")[0] not in LIBRARIES
    )
    return types.new_class(
        f"Final{metaclass.__name__}",
        (metaclass,),
        exec_body=lambda namespace: namespace.update(
            __call__=call, __module__=__name__
        ),
    )


def speed_up(cls: Any) -> None:
    """Replace what the library has put on a class by faster equivalents."""
    if "_is_aggregated_class" not in vars(cls):
        cls._is_aggregated_class = False
    for name, value in list(vars(cls).items()):
        if not isinstance(value, classmethod):
            continue
        keywords = getattr(value.__func__, "keywords", {})
        initial = keywords.get("_initial_func")
        if initial is not None:
            setattr(cls, name, classmethod(_forwarder(name, initial)))


def _forwarder(name: str, initial: Callable[..., Any]) -> Callable[..., Any]:
    """Return a class method that calls that of the final class, if there is one."""

    @functools.wraps(initial)
    def forward(cls: Any, *args: Any, **kwargs: Any) -> Any:
        registry = extendable_registry.get()
        final = registry.get(cls.__xreg_name__, None) if registry else None
        if final is None:
            return initial(cls, *args, **kwargs)
        return getattr(final, name)(*args, **kwargs)

    return forward
