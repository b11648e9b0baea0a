# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import hashlib
import os
import secrets
import uuid

from odoo.sql_db import db_connect
from odoo.tests import BaseCase, get_db_name, tagged

from odoo.addons.base.models.res_users import INDEX_SIZE, KEY_CRYPT_CONTEXT

from .server_case import LOCK, ServerCase
from .servers import (
    TIMEOUT,
    Background,
    OdooServer,
    create_database,
    drop_database,
)


class TestTwoServers(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = OdooServer(cls.dbname)
        cls.addClassCleanup(cls.second.stop)

    def title(self, server, root_path):
        return server.request("GET", f"{root_path}/openapi.json").json()["info"][
            "title"
        ]

    def test_changes_on_one_are_live_on_the_other(self):
        for server in (self.first, self.second):
            self.assertEqual(server.request("GET", "/live/identity").status, 404)
        endpoint_id = self.create_endpoint(self.first, "/live")
        for server in (self.first, self.second):
            self.assertEqual(server.request("GET", "/live/identity").status, 200)
            self.assertEqual(self.title(server, "/live"), "Test at /live")

        write = ("fastapi.endpoint", "write", [endpoint_id])
        self.second.rpc(*write, {"name": "Renamed"})
        for server in (self.second, self.first):
            self.assertEqual(self.title(server, "/live"), "Renamed")

        self.first.rpc(*write, {"root_path": "/moved"})
        for server in (self.first, self.second):
            self.assertEqual(server.request("GET", "/live/identity").status, 404)
            self.assertEqual(server.request("GET", "/moved/identity").status, 200)

        self.second.rpc(*write, {"active": False})
        for server in (self.second, self.first):
            self.assertEqual(server.request("GET", "/moved/identity").status, 404)

        self.first.rpc(*write, {"active": True})
        for server in (self.first, self.second):
            self.assertEqual(server.request("GET", "/moved/identity").status, 200)

        self.second.rpc("fastapi.endpoint", "unlink", [endpoint_id])
        self.created.clear()
        for server in (self.second, self.first):
            self.assertEqual(server.request("GET", "/moved/identity").status, 404)

    def test_app_is_built_once_in_each_server(self):
        self.create_endpoint(self.first, "/once")
        for server in (self.first, self.second):
            calls = [
                Background(server.request, "GET", f"/once/process?url={number}")
                for number in range(20)
            ]
            apps = {call.result().json()["app"] for call in calls}
            self.assertEqual(len(apps), 1)

    def test_another_connection_sees_only_commits(self):
        self.create_endpoint(self.first, "/outcome")
        for query, status, names in (
            ("name=kept", 200, ["kept"]),
            ("name=lost&error=http", 409, ["kept"]),
            ("name=lost&error=user", 400, ["kept"]),
            ("name=lost&error=bare", 500, ["kept"]),
            ("name=kept", 400, ["kept"]),
            ("name=lost&quantity=-1", 400, ["kept"]),
            ("name=traced&error=committed", 401, ["kept", "traced"]),
        ):
            response = self.first.request("POST", f"/outcome/items?{query}")
            self.assertEqual(response.status, status, query)
            self.assertEqual(self.names(), names, query)

    def test_one_exception_in_concurrent_requests(self):
        """A module-level exception doesn't mix up the responses of requests."""
        self.create_endpoint(self.first, "/same")
        origin = "https://shop.example"
        calls = [
            Background(
                self.first.request,
                "GET",
                "/same/raising/error/http",
                None,
                {"Origin": origin} if number % 2 else {},
            )
            for number in range(20)
        ]
        for number, call in enumerate(calls):
            response = call.result()
            self.assertEqual(response.status, 409)
            self.assertEqual(
                response.headers.get("Access-Control-Allow-Origin"),
                origin if number % 2 else None,
            )

    def test_replay_after_a_concurrent_write(self):
        """The body arrives again; everything else of the first attempt is gone."""
        self.create_endpoint(self.first, "/replay")
        item_id = self.create_item(self.first, "/replay")
        content = os.urandom(3 * 1024 * 1024)
        boundary = uuid.uuid4().hex
        body = (
            f"--{boundary}\r\n"
            'Content-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
        ).encode()
        body += content + f"\r\n--{boundary}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}

        self.query("SELECT pg_advisory_lock(%s)", LOCK)
        call = Background(
            self.first.request,
            "POST",
            f"/replay/increment/{item_id}?lock={LOCK}",
            body,
            headers,
        )
        self.wait_for_lock(1)  # the handler has read the item
        self.query("UPDATE test_fastapi_item SET quantity = 10 WHERE id = %s", item_id)
        self.query("SELECT pg_advisory_unlock(%s)", LOCK)

        response = call.result()
        self.assertEqual(response.status, 200, response.body)
        self.assertEqual(
            response.json(),
            {"quantity": 11, "sha256": hashlib.sha256(content).hexdigest()},
        )
        self.assertEqual(response.headers.get_all("X-Attempt"), ["10"])
        self.assertEqual(self.quantity(item_id), 11)
        self.assertTrue(
            any("try again in" in line for line in self.first.log),
            "Odoo did not replay the request",
        )

    def test_overlapping_writes_of_async_handlers(self):
        """One async handler waits for the row of another without a deadlock."""
        self.create_endpoint(self.first, "/overlap")
        item_id = self.create_item(self.first, "/overlap")
        self.query("SELECT pg_advisory_lock(%s)", LOCK)
        path = f"/overlap/overlap/{item_id}?lock={LOCK}"
        calls = [Background(self.first.request, "POST", path) for _call in range(2)]
        self.wait_for_lock(1)
        self.wait_until(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
            "AND wait_event = 'transactionid'",
            [(1,)],
        )
        self.query("SELECT pg_advisory_unlock(%s)", LOCK)
        responses = sorted(call.result().json() for call in calls)
        self.assertEqual(responses, [1, 2])
        self.assertEqual(self.quantity(item_id), 2)

    def test_many_requests_leave_no_threads_or_transactions(self):
        self.create_endpoint(self.first, "/many")

        def threads():
            return self.first.request("GET", "/many/process").json()["threads"]

        def call_many():
            for number in range(500):
                path = ("identity", "unknown", "partner", "stream/bytes?size=1000")
                self.first.request("GET", f"/many/{path[number % 4]}")

        before = threads()
        calls = [Background(call_many) for _client in range(4)]
        for call in calls:
            call.result(timeout=10 * TIMEOUT)
        # a thread of the previous request may still have been alive
        self.wait_until(lambda: threads() <= before, True)
        self.wait_until(self.connections, 0)

    def test_parallel_requests_keep_their_identity(self):
        """Each has its user, language and caller."""
        rpc = self.first.rpc
        rpc("res.lang", "write", self.lang_ids("fr_BE"), {"active": True})
        self.addCleanup(
            rpc, "res.lang", "write", self.lang_ids("fr_BE"), {"active": False}
        )
        user_ids = []
        for number in range(5):
            (user_id,) = rpc(
                "res.users",
                "create",
                [
                    {
                        "name": f"Runner {number}",
                        "login": f"runner{number}-{uuid.uuid4().hex}",
                    }
                ],
            )
            user_ids.append(user_id)
            self.create_endpoint(self.first, f"/as/{number}", user_id=user_id)
        self.addCleanup(rpc, "res.users", "unlink", user_ids)
        self.addCleanup(self.clean_up)
        calls = []
        for number in range(50):
            user, lang = number % 5, ("fr-BE", "en-US")[number % 2]
            headers = {"Accept-Language": lang}
            expected = (200, user_ids[user], lang.replace("-", "_"), "undefined")
            path = f"/as/{user}/identity?{number}"
            call = Background(self.first.request, "GET", path, None, headers)
            calls.append((expected, call))
        for expected, call in calls:
            response = call.result()
            found = response.json()
            self.assertEqual(
                (response.status, found["uid"], found["lang"], found["partner"]),
                expected,
            )

    def lang_ids(self, code):
        return [
            lang_id
            for (lang_id,) in self.query(
                "SELECT id FROM res_lang WHERE code = %s", code
            )
        ]


@tagged("post_install", "-at_install")
class TestTwoDatabases(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.names = get_db_name(), f"{get_db_name()}-second"
        cls.addClassCleanup(drop_database, cls.names[1])
        exit_code, log = create_database(cls.names[1], "test_fastapi")
        assert exit_code == 0, log
        cls.server = OdooServer(*cls.names)
        cls.addClassCleanup(cls.server.stop)

    def create_endpoint(self, dbname, root_path, **vals):
        vals = {"name": dbname, "app": "test", "root_path": root_path, **vals}
        (endpoint_id,) = self.server.rpc(
            "fastapi.endpoint", "create", [vals], dbname=dbname
        )
        self.addCleanup(
            self.server.rpc, "fastapi.endpoint", "unlink", [endpoint_id], dbname=dbname
        )

    def create_key(self, dbname):
        """Return an API key of the administrator."""
        key = secrets.token_hex(20)
        with db_connect(dbname).cursor() as cr:
            cr.execute(
                "INSERT INTO res_users_apikeys (name, user_id, key, index) "
                "SELECT 'test', id, %s, %s FROM res_users WHERE login = 'admin'",
                [KEY_CRYPT_CONTEXT.hash(key), key[:INDEX_SIZE]],
            )
        self.addCleanup(self.delete_key, dbname, key)
        return key

    def delete_key(self, dbname, key):
        with db_connect(dbname).cursor() as cr:
            cr.execute(
                "DELETE FROM res_users_apikeys WHERE index = %s", [key[:INDEX_SIZE]]
            )

    def test_keys_are_valid_only_in_their_database(self):
        for dbname in self.names:
            self.create_endpoint(
                dbname,
                "/keys",
                app="test_auth",
                auth_api_key=True,
                accept_unscoped_keys=True,
                run_as="user",
            )
        keys = [self.create_key(dbname) for dbname in self.names]

        def statuses(key):
            headers = {"Authorization": f"Bearer {key}"}
            return [
                self.server.request(
                    "GET", "/keys/auth/caller", None, headers, dbname=dbname
                ).status
                for dbname in self.names
            ]

        for _turn in range(2):  # the server remembers keys that it has verified
            self.assertEqual(statuses(keys[0]), [200, 401])
            self.assertEqual(statuses(keys[1]), [401, 200])
        self.delete_key(self.names[0], keys[0])
        self.assertEqual(statuses(keys[0]), [401, 401])

    def test_change_rebuilds_apps_only_in_its_database(self):
        names, server = self.names, self.server
        for dbname in names:
            self.create_endpoint(dbname, "/two")

        def apps():
            responses = [
                server.request("GET", "/two/process", dbname=dbname).json()
                for dbname in names
            ]
            self.assertEqual(
                [response["dbname"] for response in responses], list(names)
            )
            return [response["app"] for response in responses]

        first_apps = apps()
        self.assertNotEqual(*first_apps)
        for _turn in range(10):
            self.assertEqual(apps(), first_apps)
        # a change in one database doesn't affect the other
        (endpoint_id,) = server.rpc(
            "fastapi.endpoint",
            "search",
            [("root_path", "=", "/two")],
            dbname=names[1],
        )
        server.rpc(
            "fastapi.endpoint",
            "write",
            [endpoint_id],
            {"name": "Renamed"},
            dbname=names[1],
        )
        changed = apps()
        self.assertEqual(changed[0], first_apps[0])
        self.assertNotEqual(changed[1], first_apps[1])
