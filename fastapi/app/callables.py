# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Sync handlers and dependencies, called inline by a coroutine function.

FastAPI gives them to ``anyio`` for a worker thread. ``inline_threads`` runs them on the
thread of the request all the same, but that takes about 50 µs for each call: turns of
the event loop, a cancel scope, a future, a copy of the context.
"""

from __future__ import annotations

import functools
import inspect
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fastapi.dependencies.utils import get_typed_return_annotation, get_typed_signature
from fastapi.security.base import SecurityBase
from starlette._utils import is_async_callable

from ..bridge.inline_threads import leave_loop, no_running_loop, return_to_loop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

__all__ = ["inline", "is_async_generator", "is_generator"]


def is_generator(call: Callable[..., Any]) -> bool:
    """Return whether a call returns a generator."""
    return any(map(inspect.isgeneratorfunction, _functions(call)))


def is_async_generator(call: Callable[..., Any]) -> bool:
    """Return whether a call returns an async generator."""
    return any(map(inspect.isasyncgenfunction, _functions(call)))


def inline(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return an async callable that does the same as ``call``.

    :param call: a dependency or handler; returned unchanged if it is async, or if
        FastAPI needs its type (a security scheme)
    """
    if isinstance(call, SecurityBase) or is_async_generator(call):
        return call
    if is_generator(call):
        return _named(_generator_inline(call), call)
    if is_async_callable(inspect.unwrap(call)) or is_async_callable(call):
        return call
    return _named(_function_inline(call), call)


def _function_inline(call: Callable[..., Any]) -> Callable[..., Any]:
    async def function(**values: Any) -> Any:
        left = leave_loop()  # faster than no_running_loop
        try:
            return call(**values)
        finally:
            return_to_loop(*left)

    return function


def _generator_inline(call: Callable[..., Any]) -> Callable[..., Any]:
    manager = contextmanager(call)

    async def generator(**values: Any) -> AsyncIterator[Any]:
        resource = manager(**values)
        with no_running_loop():
            value = resource.__enter__()
        try:
            yield value
        except BaseException as exc:
            with no_running_loop():
                handled = resource.__exit__(type(exc), exc, exc.__traceback__)
            if not handled:
                raise
        else:
            with no_running_loop():
                resource.__exit__(None, None, None)

    return generator


def _functions(call: Callable[..., Any]) -> tuple[Any, ...]:
    """Return the functions of a callable object or partial."""
    while isinstance(call, functools.partial):
        call = call.func
    call = inspect.unwrap(call)
    if inspect.isclass(call):
        return ()
    return call, getattr(call, "__call__", None)  # noqa: B004


def _named(replacement: Any, call: Callable[..., Any]) -> Any:
    """Give a replacement the name and signature of the original.

    Without ``functools.wraps``: FastAPI follows ``__wrapped__``, and would take an
    async replacement for the sync original.
    """
    for attribute in (
        "__module__",
        "__name__",
        "__qualname__",
        "__doc__",
        "documents_only",
        "optional_auth",
    ):
        if hasattr(call, attribute):
            setattr(replacement, attribute, getattr(call, attribute))
    # Annotations that are strings are resolved in the module of the original.
    signature = get_typed_signature(call).replace(
        return_annotation=get_typed_return_annotation(call) or inspect.Signature.empty
    )
    replacement.__signature__ = signature
    replacement.__annotations__ = {
        name: parameter.annotation
        for name, parameter in signature.parameters.items()
        if parameter.annotation is not inspect.Parameter.empty
    }
    if signature.return_annotation is not inspect.Signature.empty:
        replacement.__annotations__["return"] = signature.return_annotation
    return replacement
