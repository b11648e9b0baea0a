# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the user sees: the steps of a command, and an error as a sentence."""

from __future__ import annotations

import errno
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_WAYS = {
    errno.EADDRINUSE: "take another port with `make run PORT=8169`",
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "about 3 GB are needed"),
    errno.EROFS: "move the checkout",
    **dict.fromkeys(
        (errno.EACCES, errno.EPERM), "remove .odoo/ as the user who made it"
    ),
}


class ToolError(SystemExit):
    """Ends a command with a sentence: what went wrong, and often a way out."""


@contextmanager
def sentences() -> Iterator[None]:
    """Print errors that the user can do something about as sentences, and exit."""
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        if error.errno not in _WAYS:
            raise
        raise ToolError(f"{error}: {_WAYS[error.errno]}.") from error


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
