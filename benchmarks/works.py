# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is measured, and what is expected of it."""

from __future__ import annotations

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


@dataclass(frozen=True)
class Work:
    """The same work of a controller and of one or more routes.

    :param name: for the option ``--only``
    :param native: path of the controller
    :param routes: what the table calls each route, and its path
    :param body: JSON that is sent
    :param floor: least ratio of the requests per second to the controller's
    :param goal: ratio to aim at
    """

    name: str
    native: str
    routes: dict[str, str]
    floor: float
    goal: float
    body: str = ""

    def get_native(self) -> Request:
        """Return the request to the controller."""
        return Request(self.native, self.body)

    def get_routes(self) -> dict[str, Request]:
        """Return the requests to the routes, by what the table calls them."""
        return {name: Request(path, self.body) for name, path in self.routes.items()}


WORKS = (
    Work(
        "trivial",
        "/bench_native/trivial",
        {
            "trivial route, `async def`": "/bench/async",
            "trivial route, `def`": "/bench/def",
        },
        floor=0.95,
        goal=1.05,
    ),
    Work(
        "dependencies",
        "/bench_native/dependencies",
        {"four dependencies, one overridden": "/bench/dependencies"},
        floor=0.80,
        goal=0.95,
    ),
    Work(
        "partners",
        "/bench_native/partners",
        {"80 partners as `PagedCollection`": "/bench/partners"},
        floor=0.90,
        goal=1.00,
    ),
    Work(
        "records",
        "/bench_native/records",
        {"80 records with 8 fields": "/bench/records"},
        floor=1.10,
        goal=1.25,
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
    ),
    Work(
        "lines",
        "/bench_native/lines",
        {"50 lines validated, counted": "/bench/lines"},
        floor=0.85,
        goal=0.95,
        body=LINES,
    ),
)
ENDPOINTS = "endpoints"
TRANSFERS = "transfers"
NAMES = (*(work.name for work in WORKS), TRANSFERS, ENDPOINTS)
