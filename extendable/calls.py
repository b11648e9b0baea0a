# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How calls of a class as it was written get to the final class, at little cost.

The library forwards each call of a class method after binding its arguments to the
signature (20 to 50 µs), and asks each class by an attribute whether it is final, which
pydantic makes a private attribute of every instance (15 µs). The classes do here what
the library makes them do; it only takes less time.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from extendable.context import extendable_registry
from extendable.main import ExtendableMeta

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["final_metaclass", "speed_up"]

#: Whose metaclasses look for the final class when an instance is made.
LIBRARIES = ("extendable", "extendable_pydantic")


@functools.cache
def final_metaclass(metaclass: type[ExtendableMeta]) -> type[ExtendableMeta]:
    """Return the metaclass of the final classes of a metaclass.

    Their instances are made as those of any class, without a look at the registry.
    """
    for cls in metaclass.__mro__:
        if "__call__" in vars(cls):
            if cls.__module__.split(".")[0] in LIBRARIES:
                continue
            namespace = {"__call__": vars(cls)["__call__"]}
            return type(metaclass)(
                f"Final{metaclass.__name__}", (metaclass,), namespace
            )
    raise TypeError(f"{metaclass} is no metaclass")


def speed_up(cls: Any) -> None:
    """Make what the library does with a class take less time."""
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
    """Return a class method that calls the one of the final class, if there is one."""

    @functools.wraps(initial)
    def forward(cls: Any, *args: Any, **kwargs: Any) -> Any:
        registry = extendable_registry.get()
        final = registry.get(cls.__xreg_name__, None) if registry else None
        if final is None:
            return initial(cls, *args, **kwargs)
        return getattr(final, name)(*args, **kwargs)

    return forward
