# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is measured, and what is expected of it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from load import Request

LINES = json.dumps(
    {
        "lines": [
            {
                "product": f"P{number:03}",
                "quantity": number % 9 + 1,
                "price": number * 1.25,
                "note": None if number % 3 else "as soon as possible",
            }
            for number in range(50)
        ]
    }
)

#: What ``fastapi_bench`` gives its user: ``work.py`` there.
_KEY = "Bearer 8d7a41c09e5b46f3a2c1908b7d6e5f4a3b2c1d0e"
_NATIVE_KEY = "Bearer 51f0c3a7e8b94d2690ab7c3d4e5f60718293a4b5"
_BASIC = f"Basic {base64.b64encode(b'fastapi_bench_caller:a long password').decode()}"


@dataclass(frozen=True)
class Work:
    """The same work of a controller and of one or more routes.

    :param name: for the option ``--only``
    :param native: path of the controller
    :param routes: what the table calls each route, and its path
    :param body: JSON that is sent
    :param floor: least ratio of the requests per second to the controller's
    :param goal: ratio to aim at
    :param authorization: header of the requests to the routes
    :param native_authorization: that of the requests to the controller
    :param published: whether the published addon has it too
    :param items: how many records a page has
    """

    name: str
    native: str
    routes: dict[str, str]
    floor: float
    goal: float
    body: str = ""
    authorization: str = ""
    native_authorization: str = ""
    published: bool = True
    items: int = 0

    def get_native(self) -> Request:
        """Return the request to the controller."""
        return Request(self.native, self.body, self.native_authorization)

    def get_routes(self) -> dict[str, Request]:
        """Return the requests to the routes, by what the table calls them."""
        return {
            name: Request(path, self.body, self.authorization)
            for name, path in self.routes.items()
        }


WORKS = (
    Work(
        "trivial",
        "/bench_native/trivial",
        {
            "trivial route, `async def`": "/bench/async",
            "trivial route, `def`": "/bench/def",
        },
        floor=1.05,
        goal=1.15,
    ),
    Work(
        "dependencies",
        "/bench_native/dependencies",
        {"four dependencies, one overridden": "/bench/dependencies"},
        floor=0.93,
        goal=1.00,
    ),
    Work(
        "partners",
        "/bench_native/partners",
        {"80 partners as `PagedCollection`": "/bench/partners"},
        floor=0.97,
        goal=1.00,
        items=80,
    ),
    Work(
        "records",
        "/bench_native/records",
        {"80 records with 8 fields, `RecordSchema`": "/bench/records"},
        floor=1.10,
        goal=1.50,
        items=80,
    ),
    Work(
        "list",
        "/bench_native/contacts?name=partner&sort=-name&page_size=80",
        {
            "80 of 100 records, filtered, sorted, counted": (
                "/bench/contacts?name=partner&sort=-name&page_size=80"
            )
        },
        floor=1.00,
        goal=1.15,
        items=80,
    ),
    Work(
        "lines",
        "/bench_native/lines",
        {"50 lines validated, counted": "/bench/lines"},
        floor=1.00,
        goal=1.05,
        body=LINES,
    ),
    Work(
        "key",
        "/bench_native/caller",
        {'API key, against `auth="bearer"`': "/bench_key/caller"},
        floor=1.00,
        goal=1.10,
        authorization=_KEY,
        native_authorization=_NATIVE_KEY,
        published=False,
    ),
    Work(
        "basic",
        "/bench_key/caller",
        {"HTTP Basic, against the API key": "/bench_basic/caller"},
        floor=0.85,
        goal=0.95,
        authorization=_BASIC,
        native_authorization=_KEY,
        published=False,
    ),
)
#: What is no comparison of requests per second.
PREFORK = "prefork"
INSTRUCTIONS = "instructions"
APPS = "apps"
TRANSFERS = "transfers"
ENDPOINTS = "endpoints"
ADDONS = "addons"
NAMES = (
    *(work.name for work in WORKS),
    *(PREFORK, INSTRUCTIONS, APPS, TRANSFERS, ENDPOINTS, ADDONS),
)
