# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``odoo api call``, with the test app and the cursor of the test."""

import json
from unittest.mock import patch

from .command_case import CommandCase


class TestCall(CommandCase):
    def count(self, name):
        return self.env["test.fastapi.item"].search_count([("name", "=", name)])

    def call_command(self, *arguments, **kwargs):
        return self.run_command("call", *arguments, **kwargs)

    def test_rolled_back(self):
        exit_code, output, errors = self.call_command("POST", "/test/items?name=dry")
        self.assertEqual((exit_code, errors), (0, "200 OK (rolled back)\n"))
        self.assertGreater(int(output), 0)
        self.assertEqual(self.count("dry"), 0)

    def test_commit(self):
        exit_code, _output, errors = self.call_command(
            "--commit", "POST", "/test/items?name=kept"
        )
        self.assertEqual((exit_code, errors), (0, "200 OK (committed)\n"))
        self.assertEqual(self.count("kept"), 1)

    def test_errors(self):
        for path, status in (
            ("/test/items?name=a&error=user", "400 BAD REQUEST"),
            ("/test/nowhere", "404 NOT FOUND"),
            ("/test/items?name=a&error=teapot", "418 I'M A TEAPOT"),
            ("/test/items", "422 UNPROCESSABLE ENTITY"),
        ):
            with self.subTest(path):
                exit_code, output, errors = self.call_command("--commit", "POST", path)
                self.assertEqual(exit_code, 1)
                self.assertEqual(errors.upper(), f"{status}\n")
                self.assertIsInstance(json.loads(output), dict)
        self.assertEqual(self.count("a"), 0)

    def test_server_error_is_logged(self):
        with self.assertLogs("odoo.http", "ERROR") as log:
            exit_code, output, _errors = self.call_command(
                "POST", "/test/items?name=a&error=bare"
            )
        self.assertEqual(exit_code, 1)
        self.assertEqual(json.loads(output), {"detail": "Internal Server Error"})
        self.assertIn("ZeroDivisionError: secret", log.output[0])

    def test_violated_constraint(self):
        self.env["test.fastapi.item"].create({"name": "twin"})
        self.mute("odoo.sql_db")
        exit_code, output, errors = self.call_command("POST", "/test/items?name=twin")
        self.assertEqual((exit_code, errors.upper()), (1, "400 BAD REQUEST\n"))
        self.assertIn("An item of that name exists", output)

    def test_conflict_is_replayed(self):
        # Odoo's delay before the next attempt
        with patch("odoo.service.model.random.uniform", return_value=0) as uniform:
            for _attempt in range(2):
                result = self.call_command(
                    "--user", "caller@test", "GET", "/test/odoo_user/replayed"
                )
                self.assertEqual(result[:2], (0, f"{self.caller.id}\n"))
        self.assertTrue(uniform.called)

    def test_data(self):
        order = '{"lines": [{"name": "a", "quantity": 2}]}'
        path = self.write_file(order)
        for data in (order, f"@{path}", "@-"):
            with self.subTest(data):
                result = self.call_command(
                    *("--data", data, "POST", "/test/order"), data=order.encode()
                )
                self.assertEqual(result[:2], (0, "2\n"))
        exit_code, output, _errors = self.call_command(
            *("-H", "content-type: text/plain", "--data", "{"),
            *("POST", "/test/body"),
        )
        self.assertEqual(exit_code, 0)
        self.assertEqual(json.loads(output)["size"], 1)

    def test_headers(self):
        _exit_code, output, _errors = self.call_command(
            *("-H", "X-One: 1: 2", "-H", "x-two:3", "get", "/test/request?a=b%20c")
        )
        request = json.loads(output)
        headers = dict(request["headers"])
        self.assertEqual((headers["x-one"], headers["x-two"]), ("1: 2", "3"))
        self.assertEqual(request["query"], "a=b%20c")
        self.assertEqual(request["url_for"], f"{self.base_url()}/test/method")

    def test_authentication_of_the_app(self):
        exit_code, _output, errors = self.call_command("GET", "/test/partner")
        self.assertEqual((exit_code, errors.upper()), (1, "401 UNAUTHORIZED\n"))
        _exit_code, output, _errors = self.call_command(
            *("-H", "Authorization: Basic Y2FsbGVyQHRlc3Q6Y2FsbGVyJ3Mgc2VjcmV0"),
            *("GET", "/test/partner"),
        )
        self.assertEqual(json.loads(output)["id"], self.caller.partner_id.id)

    def test_user(self):
        login = ("--user", "caller@test")
        partner_id = self.caller.partner_id.id
        _exit_code, output, _errors = self.call_command(*login, "GET", "/test/partner")
        self.assertEqual(
            json.loads(output), {"id": partner_id, "in_context": partner_id}
        )
        _exit_code, output, _errors = self.call_command(
            *login, "GET", "/test/odoo_user"
        )
        self.assertEqual(
            json.loads(output),
            {
                "user": self.caller.id,
                "partner": partner_id,
                "runs_as": self.runner.id,
            },
        )
        # the next request needs credentials again
        self.assertEqual(self.call_command("GET", "/test/partner")[0], 1)

    def test_user_where_odoo_authenticates(self):
        for auth in ("user", "bearer"):
            with self.subTest(auth):
                self.endpoint.test_routing = {"auth": auth}
                arguments = ("GET", "/test/odoo_user")
                self.assertEqual(self.call_command(*arguments)[0], 1)
                result = self.call_command("--user", "caller@test", *arguments)
                self.assertEqual(result[0], 0)
                self.assertEqual(json.loads(result[1])["user"], self.caller.id)

    def test_background_tasks(self):
        for options, count in (((), 0), (("--commit",), 1)):
            with self.subTest(options), self.assertLogs("odoo.addons.fastapi") as log:
                exit_code, _output, _errors = self.call_command(
                    *options, "POST", "/test/tasks?name=late"
                )
                self.assertEqual(exit_code, 0)
                self.assertEqual(self.count("late by the handler"), count)
                self.assertEqual(self.count("late by a task"), count)
                self.assertEqual(self.count("late by an async task"), count)
                self.assertEqual(self.count("late by a failing task"), 0)
                self.assertIn("failed, and is rolled back", log.output[0])

    def test_stream(self):
        for options, count in (((), 0), (("--commit",), 1)):
            with self.subTest(options):
                result = self.call_command(*options, "GET", "/test/tasks/stream?name=s")
                self.assertEqual(result[:2], (0, "s 0\ns 1\n"))
                self.assertEqual(self.count("s 1"), count)
                self.assertEqual(self.count("s by a task"), count)

    def test_failing_stream(self):
        with self.assertLogs("odoo.addons.fastapi", "ERROR"):
            exit_code, output, errors = self.call_command(
                "GET", "/test/stream?name=s&fail=1"
            )
        self.assertEqual((exit_code, output), (1, "s 0\n"))
        self.assertIn("200 OK", errors)
        self.assertEqual(self.count("s 0"), 0)

    def test_bad_arguments(self):
        for arguments, reason in (
            (("GET", "/nowhere/x"), "no endpoint serves /nowhere/x; there are .*/test"),
            (("-H", "no colon", "GET", "/test"), "-H 'no colon' is not of the form"),
            (("--data", "{", "POST", "/test/order"), "--data is not JSON: Expecting"),
            (("--data", "@/no", "POST", "/test/order"), "can't read /no: No such file"),
            (("--user", "nobody", "GET", "/test"), "no user has the login nobody"),
        ):
            with self.subTest(arguments):
                self.check_refused("call", *arguments, reason=reason)

    def test_broken_app(self):
        self.break_endpoint()
        self.mute("odoo.addons.fastapi")
        self.check_refused(
            "call", "GET", "/broken/x", reason="the endpoint at /broken is broken"
        )
