# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Rates and refused callers, for the pictures; a script for Odoo's shell."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

env: Any = globals()["env"]
now = datetime.utcnow().replace(microsecond=0)

#: Seconds since the refusal, seconds until its end, caller, what has refused, rate.
REFUSALS = (
    (4, 38, "Webshop", "All routes", "100/minute"),
    (12, 41_500, "Warehouse App", "POST /bank_accounts", "100/day"),
    (31, 25, "", "All routes", "600/minute"),
    (5_400, -5_350, "Webshop", "GET /bank_accounts", "10/second"),
    (96_000, -95_000, "Accounting", "exports", "10/hour"),
)


def get_user(name: str) -> Any:
    users = env["res.users"]
    values = {"name": name, "login": name.lower()}
    return users.search([("login", "=", name.lower())]) or users.create(values)


def fill() -> None:
    endpoint = env["fastapi.endpoint"].search([("app", "=", "my_demo")], limit=1)
    endpoint.rate_by_caller = "100/minute; 10000/day"
    endpoint.rate_by_address = "600/minute"
    for ago, seconds, name, place, rate in REFUSALS:
        user = get_user(name) if name else env["res.users"]
        env["fastapi.rate.refusal"].create(
            {
                "key": f"{name} {place}",
                "endpoint_id": endpoint.id,
                "place": place,
                "rate": rate,
                "counted_by": "caller" if name else "address",
                "user_id": user.id,
                "partner_id": user.partner_id.id,
                "date": now - timedelta(seconds=ago),
                # the pictures are taken some minutes later
                "until": now + timedelta(seconds=seconds + 3600 * (seconds > 0)),
            }
        )
    env.cr.commit()


fill()
