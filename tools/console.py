# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the user sees: the steps of a command, and an error as a sentence."""

from __future__ import annotations

import errno
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_WAYS = {
    errno.EADDRINUSE: "take another port with `make run PORT=8169`",
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "about 3 GB are needed"),
    errno.EROFS: "move the checkout",
    **dict.fromkeys((errno.EACCES, errno.EPERM), "remove .odoo/ as who made it"),
}


class ToolError(Exception):
    """Ends a command with a sentence."""

    exit_code = 1


class Unavailable(ToolError):
    """Something that the machine has to provide is missing."""

    exit_code = 2

    def __init__(self, missing: str, ways: str) -> None:
        super().__init__(f"{missing}: {ways}.")


def get_exit_code(function: Callable[[], int | None]) -> int:
    """Call a function, and return its exit code; an error leaves as its sentence."""
    try:
        return function() or 0
    except KeyboardInterrupt:
        return 130
    except ToolError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except OSError as error:
        if error.errno not in _WAYS:
            raise
        print(f"{error}: {_WAYS[error.errno]}.", file=sys.stderr)
        return Unavailable.exit_code


def line(text: str) -> None:
    """Write one line of progress, at once."""
    print(text, flush=True)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Announce a step and say how long it took once it has worked."""
    line(f"==> {text}")
    start = time.monotonic()
    yield
    line(f"    done in {time.monotonic() - start:.0f} s")
