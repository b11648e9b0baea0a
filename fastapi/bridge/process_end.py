# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Calls functions when the process ends, while threads still take work.

``atexit`` is too late for that. Before, Python calls ``_python_exit`` of
``concurrent.futures.thread``. After that, all executors raise an error: that of
``asyncio.to_thread``, of ``getaddrinfo`` (each new connection of an asynchronous
client), and of ``tx.run``.

Python calls the functions of ``threading._register_atexit`` (since 3.9) in reverse
order. It is private, and has no public counterpart. ``test_process_end`` fails if it
changes. Python 3.12.0 to 3.12.2 start no new thread in these functions
(python/cpython#113964).
"""

from __future__ import annotations

# registers its own function, which must be called after those of this module
import concurrent.futures.thread  # noqa: F401
import logging
import threading
from typing import TYPE_CHECKING, ParamSpec

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["call_at_process_end"]

_logger = logging.getLogger(__name__)

P = ParamSpec("P")


def call_at_process_end(
    function: Callable[P, object], *args: P.args, **kwargs: P.kwargs
) -> None:
    """Call a function when the process ends, before those that were registered earlier.

    :raises RuntimeError: the process is ending
    """

    def call() -> None:
        try:
            function(*args, **kwargs)
        except Exception:  # would skip the other functions, which end threads
            _logger.exception("%s failed at the end of the process.", function)

    threading._register_atexit(call)  # type: ignore[attr-defined]
