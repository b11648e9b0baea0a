# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Nothing leaks between requests, and requests leave nothing behind."""

import base64
import json
import os
import random
import uuid

from odoo.addons.base.models.res_users import INDEX_SIZE, KEY_CRYPT_CONTEXT

from .server_case import LOCK
from .servers import Background
from .stress_case import StressCase

CLIENTS = 8
#: Seconds for all clients.
TIME_LIMIT = 400
LANGS = ("en_US", "fr_BE", "nl_NL")
ANONYMOUS = "of no caller"

#: Kinds of requests and their relative frequency.
WEIGHTS = {
    "sync": 20,
    "async": 20,
    "stream": 8,
    "stream/async": 8,
    "task": 8,
    "raise/user": 4,
    "raise/access": 4,
    "raise/missing": 4,
    "raise/http": 4,
    "raise/unavailable": 4,
    "raise/teapot": 4,
    "raise/bare": 4,
    "refused": 3,  # wrong credentials
    "invalid": 3,  # no nonce
    "unknown": 3,  # no such route
    "left alone": 2,  # a stream that is not fully read
}
STATUS = {
    "raise/user": 400,
    "raise/access": 403,
    "raise/missing": 404,
    "raise/http": 409,
    "raise/unavailable": 503,
    "raise/teapot": 418,
    "raise/bare": 500,
    "refused": 401,
    "invalid": 422,
    "unknown": 404,
}


def basic_auth(login, password):
    credentials = base64.b64encode(f"{login}:{password}".encode()).decode()
    return {"Authorization": f"Basic {credentials}"}


class TestLeaks(StressCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seed = os.environ.get("FASTAPI_STRESS_SEED") or uuid.uuid4().hex[:8]

    def setUp(self):
        super().setUp()
        self.set_up_langs()
        self.set_up_callers()
        self.set_up_endpoints()
        cookie = f"session_id={self.first.log_in()}"
        self.cookies = [({}, None)] * 3 + [({"Cookie": cookie}, 2)]

    # Callers

    def set_up_langs(self):
        rpc = self.first.rpc
        rows = self.query(
            "SELECT id FROM res_lang WHERE code IN %s AND active IS NOT TRUE", LANGS
        )
        lang_ids = [lang_id for (lang_id,) in rows]
        rpc("res.lang", "write", lang_ids, {"active": True})
        self.addCleanup(rpc, "res.lang", "write", lang_ids, {"active": False})

    def set_up_callers(self):
        """Create portal users who log in with API keys, and an item for each.

        Hashing a password takes a third of a second, an API key a hundredth of that.
        """
        rpc = self.first.rpc
        # wrong credentials must not block other clients from the same address
        cooldown = "ir.config_parameter", "set_param", "base.login_cooldown_after"
        before = rpc("ir.config_parameter", "get_param", *cooldown[2:])
        rpc(*cooldown, "0")
        self.addCleanup(rpc, *cooldown, before)
        (group_id,) = rpc(
            "ir.model.data", "search_read", [("name", "=", "group_portal")], ["res_id"]
        )
        self.callers = [({}, None, [ANONYMOUS])]
        self.create_own_item(ANONYMOUS, None)
        for number in range(5):
            login = f"caller {number} {uuid.uuid4().hex}"
            vals = {
                "name": login,
                "login": login,
                "group_ids": [(6, 0, [group_id["res_id"]])],
            }
            (user_id,) = self.create_user(vals)
            ((partner_id,),) = self.query(
                "SELECT partner_id FROM res_users WHERE id = %s", user_id
            )
            key = uuid.uuid4().hex
            self.query(
                "INSERT INTO res_users_apikeys (name, user_id, key, index) "
                "VALUES ('Stress', %s, %s, %s)",
                user_id,
                KEY_CRYPT_CONTEXT.hash(key),
                key[:INDEX_SIZE],
            )
            self.create_own_item(login, partner_id)
            self.login = login
            self.callers.append(
                (basic_auth(login, key), partner_id, [ANONYMOUS, login])
            )

    def create_own_item(self, name, partner_id):
        self.query(
            "INSERT INTO test_fastapi_item (name, partner_id) VALUES (%s, %s)",
            name,
            partner_id,
        )

    def create_user(self, vals):
        user_ids = self.first.rpc("res.users", "create", [vals])
        self.addCleanup(self.first.rpc, "res.users", "unlink", user_ids)
        # log entries of its logins are not deleted with the user
        self.addCleanup(
            self.query, "DELETE FROM res_users_log WHERE create_uid = ANY(%s)", user_ids
        )
        return user_ids

    def set_up_endpoints(self):
        rpc = self.first.rpc
        company_ids = rpc(
            "res.company",
            "create",
            [{"name": f"Company {uuid.uuid4().hex}"} for _number in range(3)],
        )
        self.addCleanup(self.remove_companies, company_ids)
        runner = rpc("res.users", "read", [self.runner_id], ["group_ids"])[0]
        self.endpoints = []
        for number in range(3):
            (user_id,) = self.create_user(
                {
                    "name": f"Runner {number}",
                    "login": f"runner {number} {uuid.uuid4().hex}",
                    "company_id": company_ids[0],
                    "company_ids": [(6, 0, company_ids)],
                    "group_ids": [(6, 0, runner["group_ids"])],
                }
            )
            for app in ("test", "test_middleware"):
                index = len(self.endpoints)
                endpoint = {
                    "app": app,
                    "root_path": f"/stress/{index}",
                    "title": f"Stress {index}",
                    "uid": user_id,
                    "company": company_ids[index % 3],
                }
                self.create_endpoint(
                    self.first,
                    endpoint["root_path"],
                    app=app,
                    name=endpoint["title"],
                    user_id=user_id,
                    company_id=endpoint["company"],
                    save_http_session=index < 3,
                )
                self.endpoints.append(endpoint)
        self.addCleanup(self.clean_up)  # endpoints before their users

    def remove_companies(self, company_ids):
        partners = self.query(
            "SELECT partner_id FROM res_company WHERE id = ANY(%s)", company_ids
        )
        self.first.rpc("res.company", "unlink", company_ids)
        self.first.rpc("res.partner", "unlink", [partner for (partner,) in partners])

    # One request

    def choose(self, rng):
        endpoint = rng.choice(self.endpoints)
        (kind,) = rng.choices(list(WEIGHTS), WEIGHTS.values())
        return endpoint, kind, rng.choice(self.callers), rng.choice(self.cookies)

    def call(self, rng, endpoint, kind, caller, cookie):
        """Send a request.

        :return: None if the response was as expected, else the difference
        """
        credentials, partner_id, items = caller
        cookie_header, session_uid = cookie
        lang = rng.choice(LANGS)
        headers = {
            "Accept-Language": lang.replace("_", "-"),
            **credentials,
            **cookie_header,
        }
        nonce = f"{rng.getrandbits(64):x}"
        stream = rng.choice(["stream", "stream/async"])
        route = {
            "refused": "sync",
            "invalid": "sync",
            "left alone": stream,
            "unknown": nonce,
        }
        path = f"{endpoint['root_path']}/load/{route.get(kind, kind)}"
        if kind != "invalid":
            path += f"?nonce={nonce}"
        expected = {
            **{key: endpoint[key] for key in ("title", "uid", "company")},
            "nonce": nonce,
            "lang": lang,
            "partner": partner_id,
            "in_context": partner_id,
            "items": items,
            "session_uid": session_uid,
        }
        status = STATUS.get(kind, 200)
        if kind == "raise/teapot" and endpoint["app"] != "test":
            status = 500  # the other app doesn't handle this exception
        if kind == "refused":
            headers.update(basic_auth(self.login, f"wrong {nonce}"))
        if kind == "left alone":
            path += "&count=1000&padding=65536"
            with self.first.open("GET", path, **headers) as response:
                found = response.status, [json.loads(response.readline())]
            wanted = status, [expected]
        else:
            response = self.first.request("GET", path, None, headers)
            found = response.status, self.content(kind, response)
            wanted = status, self.wanted(kind, status, expected)
        if found != wanted:
            return f"GET {path} {headers}: {found} is not {wanted}"
        return None

    def content(self, kind, response):
        """Return the relevant part of a response."""
        if kind.startswith("stream"):
            return [json.loads(line) for line in response.body.splitlines()]
        content = response.json()
        if kind == "raise/teapot" and response.status == 418:
            content = {"detail": content["error"]["message"]}
        if kind.startswith("raise") and response.status != 500:
            return json.loads(content["detail"])
        if kind == "invalid":
            return content["detail"][0]["loc"]
        return content

    def wanted(self, kind, status, expected):
        """Return the expected part of a response."""
        if kind in ("sync", "async"):
            return [expected] * 2
        if kind.startswith("stream"):
            return [expected] * 3
        if kind == "task":
            return [expected]
        if status == 500:
            return {"detail": "Internal Server Error"}
        if kind.startswith("raise"):
            return expected
        if kind == "refused":
            return {"detail": "Incorrect username or password"}
        if kind == "unknown":
            return {"detail": "Not Found"}
        return ["query", "nonce"]

    # All requests

    def client(self, number, requests):
        rng = random.Random(f"{self.seed} {number}")
        failures = []
        for _request in range(requests):
            failure = self.call(rng, *self.choose(rng))
            if failure:
                failures.append(f"seed {self.seed}, client {number}: {failure}")
        return failures

    def warm_up(self):
        """Call everything once, then send twice as many requests at once as clients.

        A client may send its next request before the server ends the previous one, so
        each client can have two.
        """
        rng = random.Random(self.seed)
        for endpoint in self.endpoints:
            for kind in WEIGHTS:
                failure = self.call(
                    rng, endpoint, kind, self.callers[-1], self.cookies[-1]
                )
                self.assertIsNone(failure)
        self.query("SELECT pg_advisory_lock(%s)", LOCK)
        path = f"{self.endpoints[0]['root_path']}/load/hold?lock={LOCK}"
        calls = [
            Background(self.first.request, "GET", path) for _call in range(2 * CLIENTS)
        ]
        self.wait_for_lock(2 * CLIENTS)
        self.query("SELECT pg_advisory_unlock(%s)", LOCK)
        self.assertEqual({call.result().status for call in calls}, {200})

    def left(self):
        """Return the server's counts after all requests are finished."""
        found = {}
        path = f"{self.endpoints[0]['root_path']}/load/left"

        def serving():
            found.update(self.first.request("GET", path).json())
            return found["serving"]

        self.wait_until(serving, 1)
        self.wait_until(self.connections, 0)
        ((found["connections"],),) = self.query(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s "
            "AND application_name = %s",
            self.dbname,
            f"odoo-{self.first.pid}",
        )
        return found

    def alive(self):
        """Return the requests that still exist in the server."""
        path = f"{self.endpoints[0]['root_path']}/load/alive"
        return self.first.request("GET", path).json()

    def test_nothing_leaks_between_requests(self):
        self.warm_up()
        before = self.left()
        requests = self.size(10_000, 240)
        clients = [
            Background(self.client, number, requests // CLIENTS)
            for number in range(CLIENTS)
        ]
        failures = [line for client in clients for line in client.result(TIME_LIMIT)]
        self.conclude("each response names its caller", requests, failures)
        after = self.left()
        self.conclude(
            "threads, cursors, files, loops after the last request",
            requests,
            [
                f"{count} {what}, {before[what]} after the warm-up, of {self.alive()}"
                for what, count in after.items()
                if count > before[what]
            ],
        )
