# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The credentials that this process has recently verified.

Hashing a password takes half a second of CPU on purpose. So each process remembers the
credentials that it has verified, as keyed hashes that only this process can compute.

An entry may be outdated. Code that uses it must check in the database that it is still
valid.
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

#: Seconds for which a credential is remembered.
MAX_AGE = 5 * 60
#: Credentials of all databases together; the oldest ones are dropped.
MAX_ENTRIES = 10_000


class Verified(NamedTuple):
    """A credential that was valid when it was verified.

    :param user_id: id of the user
    :param key_id: id of the ``res.users.apikeys``, for an API key
    :param fingerprint: :func:`digest` of the values that must be unchanged
    :param method: how it was verified, if the fingerprint depends on that
    """

    user_id: int
    key_id: int | None = None
    fingerprint: bytes = b""
    method: str = ""


class _Memory:
    def __init__(self) -> None:
        self.pid = os.getpid()
        self.key = os.urandom(32)
        self.lock = threading.Lock()
        #: Expiration and entry, by database and digest, oldest first.
        self.entries: dict[tuple[str, bytes], tuple[float, Verified]] = {}


_memory = _Memory()


def _get_memory() -> _Memory:
    """Return the memory of this process.

    A forked process gets a new one, because its copy of the lock may be locked forever.
    """
    global _memory  # noqa: PLW0603
    memory = _memory
    if memory.pid != os.getpid():
        memory = _memory = _Memory()
    return memory


def digest(text: str) -> bytes:
    """Return a hash of a text that only this process can compute."""
    return hmac.digest(_get_memory().key, text.encode(errors="surrogatepass"), "sha256")


def get(env: Environment, kind: str, secret: str) -> Verified | None:
    """Return the entry of a credential, None if it is not remembered.

    :param kind: kind of the credential, because one text may be valid for several kinds
    :param secret: the credential; a password together with its login
    """
    memory = _get_memory()
    entry = memory.entries.get((env.cr.dbname, digest(f"{kind}\0{secret}")))
    if entry is None or entry[0] <= time.monotonic():
        return None
    return entry[1]


def put(env: Environment, kind: str, secret: str, verified: Verified) -> None:
    """Remember a credential that has just been verified."""
    memory = _get_memory()
    key = (env.cr.dbname, digest(f"{kind}\0{secret}"))
    now = time.monotonic()
    with memory.lock:
        entries = memory.entries
        entries.pop(key, None)
        entries[key] = (now + MAX_AGE, verified)
        # all entries have the same lifetime, so the oldest expire first
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
