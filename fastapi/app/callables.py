# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Sync handlers and dependencies, called in place.

FastAPI hands each of them to ``anyio`` for a worker thread. ``inline_threads`` sees to
it that it runs on the request's thread all the same, but the ceremony costs about 50 µs
a call: turns of the event loop, a cancel scope, a future, a copy of the context. In the
dependency trees of an app of ours, a sync callable is therefore replaced by a coroutine
function that just calls it.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fastapi.dependencies.utils import (
    get_typed_return_annotation,
    get_typed_signature,
)
from fastapi.security.base import SecurityBase
from starlette._utils import is_async_callable

from ..bridge.inline_threads import TASK_OF_THREAD, no_running_loop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

__all__ = ["inline", "is_async_generator", "is_generator"]


def is_generator(call: Callable[..., Any]) -> bool:
    """Return whether calling it makes a generator."""
    return any(map(inspect.isgeneratorfunction, _functions(call)))


def is_async_generator(call: Callable[..., Any]) -> bool:
    """Return whether calling it makes an async generator."""
    return any(map(inspect.isasyncgenfunction, _functions(call)))


def inline(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return an async callable that does what ``call`` does, on the thread at hand.

    :param call: a dependency or handler; returned as it is if it is async, or if
        FastAPI has to see what it is (a security scheme)
    """
    if isinstance(call, SecurityBase) or is_async_generator(call):
        return call
    if is_generator(call):
        return _named(_generator_inline(call), call)
    if is_async_callable(inspect.unwrap(call)) or is_async_callable(call):
        return call
    return _named(_function_inline(call), call)


def _function_inline(call: Callable[..., Any]) -> Callable[..., Any]:
    get_loop = asyncio.get_running_loop
    set_loop = asyncio._set_running_loop

    async def function(**values: Any) -> Any:
        loop = get_loop()
        set_loop(None)  # as no_running_loop, without its overhead
        try:
            return call(**values)
        finally:
            set_loop(loop)

    async def function_of_thread(**values: Any) -> Any:
        with no_running_loop():
            return call(**values)

    return function_of_thread if TASK_OF_THREAD else function


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
    """Return the functions behind a callable, which may be an object or a partial."""
    while isinstance(call, functools.partial):
        call = call.func
    call = inspect.unwrap(call)
    if inspect.isclass(call):
        return ()
    return call, getattr(call, "__call__", None)  # noqa: B004


def _named(replacement: Callable[..., Any], call: Callable[..., Any]) -> Any:
    """Let a replacement look like the original, in tracebacks, logs and to FastAPI.

    Libraries make routes again out of an app's dependencies, and FastAPI then reads
    their signatures. Not with ``functools.wraps``: FastAPI looks through
    ``__wrapped__``, and would take an async replacement for the sync original.
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
    # Annotations that are strings mean something in the module of the original only.
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
