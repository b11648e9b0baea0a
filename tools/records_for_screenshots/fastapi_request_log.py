# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Calls of a week, for the pictures; a script for Odoo's shell, which sets ``env``.

They end now. The calls are made up, with the same ones each time.
"""

from __future__ import annotations

import json
import math
import random
from datetime import datetime, timedelta
from typing import Any

from odoo.addons.fastapi_request_log.calls import Call

env: Any = globals()["env"]
rnd = random.Random(18)
now = datetime.utcnow().replace(microsecond=0)

#: Method and route, how often per hour, median duration in milliseconds, share of
#: errors, status of the errors.
ROUTES = (
    ("GET", "/bank_accounts", 60, 14, 0.004, 401),
    ("GET", "/bank_accounts/{account_id}", 40, 8, 0.03, 404),
    ("POST", "/bank_accounts", 9, 45, 0.05, 422),
    ("GET", "/partners", 25, 22, 0.002, 401),
    ("GET", "/echo", 6, 3, 0.0, 400),
)
JSON = "Content-Type: application/json"


def make_users() -> list[Any]:
    names = ("Webshop", "Warehouse App", "Accounting")
    return env["res.users"].create(
        [
            {
                "name": name,
                "login": name.lower(),
                "group_ids": [(6, 0, [env.ref("base.group_portal").id])],
            }
            for name in names
        ]
    )


def make_calls(endpoint: Any, users: Any) -> list[Call]:
    calls = []
    for hours in range(7 * 24):
        date = now - timedelta(hours=hours)
        # few at night
        busy = 1.1 - math.cos(date.hour / 24 * 2 * math.pi)
        for method, route, often, median, share, status in ROUTES:
            # once, the database was slow
            slow = 6 if 50 <= hours <= 53 and method == "POST" else 1
            for _call in range(round(often * busy * rnd.uniform(0.8, 1.2))):
                fails = rnd.random() < share * slow
                calls.append(
                    Call(
                        date=date
                        - timedelta(seconds=rnd.randrange(date.minute * 60 + 1)),
                        endpoint_id=endpoint.id,
                        method=method,
                        path="",
                        route=f"{endpoint.root_path}{route}",
                        status=(500 if slow > 1 else status) if fails else 200,
                        duration=rnd.lognormvariate(math.log(median * slow), 0.5),
                        user_id=rnd.choices(users.ids, (6, 3, 1))[0],
                    )
                )
    return calls


def store(endpoint: Any, users: Any) -> None:
    """Store the last calls, with headers and bodies."""
    webshop, warehouse, accounting = users
    created = {"id": 214, "number": "BE71 0961 2345 6769", "bank": None}
    new = {"number": "BE71 0961 2345 6769"}
    place = "/odoo/addons/my_demo_api/models/my_demo_bank_accounts.py:57, in add"
    conflict = (
        "SerializationFailure: could not serialize access due to concurrent update\n"
        "CONTEXT:  while updating tuple (0,7) in relation res_partner_bank"
    )
    many = [{"id": number, "number": f"DEMO {number:04}"} for number in (1, 2)]
    rows = [
        (3, "GET", "/bank_accounts?limit=2", 200, 13.4, webshop, None, many),
        (9, "POST", "/bank_accounts", 500, 212.8, warehouse, new, None),
        (11, "GET", "/bank_accounts/3", 404, 7.1, webshop, None, None),
        (16, "GET", "/partners", 200, 21.9, accounting, None, many),
        (21, "POST", "/bank_accounts", 201, 48.2, webshop, new, created),
        (24, "GET", "/bank_accounts", 401, 2.3, None, None, None),
        (38, "POST", "/bank_accounts", 422, 4.6, warehouse, {"number": ""}, None),
        (41, "GET", "/echo?message=hello", 200, 2.8, None, None, {"message": "hello"}),
        (58, "GET", "/partners?limit=50", 200, 1312.0, accounting, None, many),
        (63, "GET", "/bank_accounts/1", 200, 8.2, webshop, None, many[0]),
    ]
    texts = {
        401: {"detail": "Not authenticated"},
        404: {"detail": "The record does not exist."},
        422: {
            "detail": [{"type": "string_pattern_mismatch", "loc": ["body", "number"]}]
        },
        500: {"detail": "Internal Server Error"},
    }
    values = []
    for number in range(60):
        ago, method, path, status, duration, user, sent, answer = rows[
            number % len(rows)
        ]
        request = json.dumps(sent) if sent else ""
        response = json.dumps(texts.get(status, answer))
        headers = ["Accept: application/json", "User-Agent: webshop/4.2"]
        if user:
            headers.append("Authorization: ***")
        if sent:
            headers += [JSON, f"Content-Length: {len(request)}"]
        values.append(
            {
                "date": now - timedelta(seconds=ago + number // len(rows) * 70),
                "endpoint_id": endpoint.id,
                "method": method,
                "path": f"{endpoint.root_path}{path}",
                "route": endpoint.root_path + path.partition("?")[0],
                "status": status,
                "duration": duration * rnd.uniform(0.9, 1.1),
                "queries": 4 if status < 400 else 2,
                "sql_duration": duration * 0.4,
                "request_size": len(request),
                "response_size": len(response),
                "user_id": user and user.id,
                "partner_id": user and user.partner_id.id,
                "auth_method": user and "basic",
                "address": f"203.0.113.{17 + number % 4}",
                "request_id": f"{rnd.getrandbits(64):016x}",
                "attempts": 3 if status == 500 else 1,
                "error": conflict if status == 500 else False,
                "error_place": place if status == 500 else False,
                "request_headers": "\n".join(headers),
                "request_body": request,
                "response_headers": f"{JSON}\nContent-Length: {len(response)}",
                "response_body": response,
            }
        )
    env["fastapi.request.log"].create(values)


def fill() -> None:
    users = make_users()
    endpoint = env["fastapi.endpoint"].search([("app", "=", "my_demo")], limit=1)
    endpoint.request_log = "bodies"
    calls = make_calls(endpoint, users)
    failing = env.ref("fastapi.fastapi_endpoint_demo")
    calls += [
        Call(
            date=now,
            endpoint_id=failing.id,
            method="GET",
            path="",
            route=f"{failing.root_path}/demo",
            status=200 if number % 6 else 500,
            duration=5.0,
        )
        for number in range(83)
    ]
    env["fastapi.request.hour"]._count(calls)
    unused = env.ref("fastapi.fastapi_endpoint_multislash_demo")
    unused.request_log_since = now - timedelta(days=60)
    store(endpoint, users)
    env.cr.commit()


fill()
