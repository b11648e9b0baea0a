# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Credentials that this process has verified a short time ago.

Passwords are hashed slowly on purpose: half a second of CPU for each call. So a process
remembers what it has verified, by a keyed hash: nothing of a credential is kept, and
nothing of the memory is of use in another process.

An entry says what was true at the time. Whoever uses one has to ask the database
whether it still is: see :class:`Verified`.
"""

from __future__ import annotations

import hmac
import os
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from odoo.api import Environment

__all__ = ["MAX_AGE", "MAX_ENTRIES", "Verified", "digest", "forget_user", "get", "put"]

#: Seconds that a credential counts as verified.
MAX_AGE = 5 * 60
#: Most credentials of all databases together; the oldest ones make way.
MAX_ENTRIES = 10_000


class Verified(NamedTuple):
    """What a credential was when it was verified.

    :param user_id: id of the user whose credential it is
    :param key_id: id of the record that the credential belongs to, if any
    :param fingerprint: :func:`digest` of what must not have changed in the database
    :param method: how it was verified, for whom the fingerprint depends on that
    """

    user_id: int
    key_id: int | None = None
    fingerprint: bytes = b""
    method: str = ""


class _Memory:
    """The memory of one process."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.key = os.urandom(32)
        self.lock = threading.Lock()
        #: By database and digest of the credential, the oldest first: until when, what.
        self.entries: dict[tuple[str, bytes], tuple[float, Verified]] = {}


_memory = _Memory()


def _get_memory() -> _Memory:
    """Return the memory of this process: one that was forked starts with its own.

    The lock of the parent may be taken for ever.
    """
    global _memory  # noqa: PLW0603
    memory = _memory
    if memory.pid != os.getpid():
        memory = _memory = _Memory()
    return memory


def digest(text: str) -> bytes:
    """Return a hash of a text that only this process can make."""
    return hmac.digest(_get_memory().key, text.encode(errors="surrogatepass"), "sha256")


def get(env: Environment, kind: str, secret: str) -> Verified | None:
    """Return what a credential was when it was verified, None if it is not known.

    The caller has to check that it still is, by one cheap query.

    :param kind: of the credential: the same text may be of several ones
    :param secret: the credential, with whatever it belongs to, for example a login
    """
    memory = _get_memory()
    entry = memory.entries.get((env.cr.dbname, digest(f"{kind}\0{secret}")))
    if entry is None or entry[0] <= time.monotonic():
        return None
    return entry[1]


def put(env: Environment, kind: str, secret: str, verified: Verified) -> None:
    """Remember a credential that was verified right now."""
    memory = _get_memory()
    key = (env.cr.dbname, digest(f"{kind}\0{secret}"))
    now = time.monotonic()
    with memory.lock:
        entries = memory.entries
        entries.pop(key, None)
        entries[key] = (now + MAX_AGE, verified)
        # all have the same time to live: those that are over come first
        while len(entries) > MAX_ENTRIES or next(iter(entries.values()))[0] <= now:
            del entries[next(iter(entries))]


def forget_user(env: Environment, user_id: int) -> None:
    """Forget the credentials of a user in this process."""
    memory = _get_memory()
    dbname = env.cr.dbname
    with memory.lock:
        memory.entries = {
            key: entry
            for key, entry in memory.entries.items()
            if key[0] != dbname or entry[1].user_id != user_id
        }
