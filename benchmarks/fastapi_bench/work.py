# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a controller and a route have in common, so that only the way differs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from odoo.api import Environment
    from odoo.models import BaseModel

PARTNER_REF = "fastapi_bench"
#: Who calls endpoints that authenticate, as ``benchmarks/works.py`` has it too.
LOGIN, PASSWORD = "fastapi_bench_caller", "a long password"
#: For one endpoint, and for Odoo's controllers.
KEY = "8d7a41c09e5b46f3a2c1908b7d6e5f4a3b2c1d0e"
NATIVE_KEY = "51f0c3a7e8b94d2690ab7c3d4e5f60718293a4b5"
#: Fields of a page of 80 records; id is another one.
CONTACT_FIELDS = ("name", "email", "phone", "street", "city", "zip", "ref")
CHUNK = 64 * 1024  # bytes
STAMP = 20  # bytes at the beginning of a stream that hold the time


def find_partners(
    env: Environment, limit: int | None, offset: int | None
) -> tuple[int, BaseModel]:
    """Return how many partners there are, and one page of them."""
    partners = env["res.partner"]
    domain = [("ref", "=", PARTNER_REF)]
    page = partners.search(domain, limit=limit, offset=offset or 0, order="id")
    return partners.search_count(domain), page


def generate(megabytes: int) -> Iterator[bytes]:
    """Generate the chunks of a stream.

    Each is an object of its own, as those of a file or of an export are: one object
    many times would take no memory even if it were all kept.

    :param megabytes: size of the whole, in 10^6 bytes
    """
    rest = megabytes * 10**6
    first = f"{time.time():{STAMP}.6f}".encode()
    content = os.urandom(CHUNK)
    while rest > 0:
        chunk = (first + content)[: min(rest, CHUNK)]
        first = b""
        rest -= len(chunk)
        yield bytes(bytearray(chunk))
