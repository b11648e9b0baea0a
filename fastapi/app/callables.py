# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Replaces sync handlers and dependencies by async ones that call them inline.

FastAPI passes sync ones to ``anyio``, to call them on a worker thread.
``inline_threads`` calls them on the thread of the request instead, but that takes about
50 µs for each call: turns of the event loop, a cancel scope, a future, a copy of the
context.

On the shared loop, which sync calls must not block, they run on a worker thread as
usual.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fastapi.concurrency import contextmanager_in_threadpool, run_in_threadpool
from fastapi.dependencies.models import (
    _is_async_gen_callable,
    _is_coroutine_callable,
    _is_gen_callable,
)

from ..bridge.inline_threads import leave_loop, no_running_loop, return_to_loop
from ..bridge.loops import is_shared

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

__all__ = ["inline"]


def inline(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return an async callable, or async generator function, that calls ``call``.

    :param call: a dependency or handler; returned unchanged if it is async
    """
    # in FastAPI's order: a wrapper may look like several kinds
    if _is_async_gen_callable(call):
        return call
    if _is_gen_callable(call):
        return _generator_inline(call)
    if _is_coroutine_callable(call):
        return call
    return _function_inline(call)


def _function_inline(call: Callable[..., Any]) -> Callable[..., Any]:
    async def function(**values: Any) -> Any:
        left = leave_loop()  # faster than no_running_loop
        try:
            if not is_shared(left[0]):
                return call(**values)
        finally:
            return_to_loop(*left)
        return await run_in_threadpool(call, **values)

    return function


def _generator_inline(call: Callable[..., Any]) -> Callable[..., Any]:
    manager = contextmanager(call)

    async def generator(**values: Any) -> AsyncIterator[Any]:
        resource = manager(**values)
        if is_shared(asyncio.get_running_loop()):
            async with contextmanager_in_threadpool(resource) as value:
                yield value
            return
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
