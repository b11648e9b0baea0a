# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from ast import literal_eval
from datetime import datetime, timedelta

from freezegun import freeze_time
from lxml import etree

from odoo import fields
from odoo.tests import Form, new_test_user

from ..models.fastapi_endpoint_usage import FAILING_CALLS
from .call_case import CallCase

NOW = datetime(2026, 3, 10, 12, 34, 56)


@freeze_time(NOW)
class TestUsage(CallCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.endpoint.request_log_since = NOW - timedelta(days=365)

    def _count_calls(self, number, failed=0, endpoint=None, **ago):
        values = {"date": NOW - timedelta(**ago)}
        values["endpoint_id"] = (endpoint or self.endpoint).id
        calls = [self._make_call(**values) for _call in range(number - failed)]
        calls += [self._make_call(**values, status=500) for _call in range(failed)]
        self._count(*calls)
        self.env.invalidate_all()

    def _assert_state(self, state):
        self.env.invalidate_all()
        self.assertEqual(self.endpoint.state, state)
        for value in ("live", "failing", "unused", "broken", "archived"):
            found = self.env["fastapi.endpoint"].with_context(active_test=False)
            found = found.search([("state", "=", value)])
            self.assertEqual(self.endpoint in found, state == value, value)

    # Failing

    def test_failing(self):
        self._count_calls(FAILING_CALLS, failed=1)
        self._assert_state("failing")
        endpoint = self.endpoint.with_user(self.manager)
        self.assertEqual(
            endpoint.failing_text,
            "1 of 20 calls in this hour and the one before ended with a server error.",
        )

    def test_failing_leads_to_its_errors(self):
        other = self._create_endpoint("/other")
        log = self.env["fastapi.request.log"]
        log._store(
            [
                self._make_call(date=NOW, status=500),
                self._make_call(date=NOW - timedelta(minutes=94), status=503),
                self._make_call(date=NOW - timedelta(minutes=95), status=500),
                self._make_call(date=NOW, status=404),
                self._make_call(date=NOW, status=500, endpoint_id=other.id),
            ]
        )
        endpoint = self.endpoint.with_user(self.manager)
        action = endpoint.action_open_server_errors()
        self.assertEqual(action["context"], {"search_default_server_errors": True})
        view = self.env[action["res_model"]].get_view(view_type="search")
        (server_errors,) = etree.fromstring(view["arch"]).xpath(
            "//filter[@name='server_errors']/@domain"
        )
        found = log.with_user(self.manager).search(
            [*action["domain"], *literal_eval(server_errors)]
        )
        self.assertEqual(sorted(found.mapped("status")), [500, 503])

    def test_fewer_errors(self):
        self._count_calls(FAILING_CALLS + 1, failed=1)
        self._assert_state("live")
        self.assertFalse(self.endpoint.failing_text)

    def test_too_few_calls_to_tell(self):
        self._count_calls(FAILING_CALLS - 1, failed=FAILING_CALLS - 1)
        self._assert_state("live")

    def test_errors_of_clients(self):
        self._count(*[self._make_call(date=NOW, status=404)] * FAILING_CALLS)
        self._assert_state("live")

    def test_hour_before(self):
        self._count_calls(FAILING_CALLS, failed=1, minutes=94)
        self._assert_state("failing")

    def test_longer_ago(self):
        self._count_calls(FAILING_CALLS, failed=1, minutes=95)
        self._assert_state("live")

    # Unused

    def test_unused(self):
        self._assert_state("unused")
        self._count_calls(1, days=31)
        self._assert_state("unused")
        self._count_calls(1, days=29)
        self._assert_state("live")

    def test_not_counted_long_enough(self):
        self.endpoint.request_log_since = NOW - timedelta(days=29)
        self._assert_state("live")

    def test_not_counted(self):
        self._count_calls(FAILING_CALLS, failed=FAILING_CALLS)
        self.endpoint.request_log = "off"
        self._assert_state("live")

    def test_since_when_calls_are_counted(self):
        before = self.endpoint.request_log_since
        self.endpoint.request_log = "all"
        self.assertEqual(self.endpoint.request_log_since, before)
        self.endpoint.request_log = "off"
        self.assertFalse(self.endpoint.request_log_since)
        self.endpoint.request_log = "errors"
        self.assertEqual(self.endpoint.request_log_since, NOW.replace(microsecond=0))
        copy = self._create_endpoint("/copied")
        self.assertEqual(copy.request_log_since, fields.Datetime.now())

    def test_archived(self):
        self._count_calls(FAILING_CALLS, failed=FAILING_CALLS)
        self.endpoint.active = False
        self._assert_state("archived")

    def test_broken(self):
        self._count_calls(FAILING_CALLS, failed=FAILING_CALLS)

        def fail(endpoint):
            raise ValueError("broken")

        self.patch(type(self.endpoint), "_get_app", fail)
        self.endpoint._reset_app()
        self._assert_state("broken")
        self.assertFalse(self.endpoint.failing_text)

    def test_one_query_for_all(self):
        endpoints = self.endpoint
        for number in range(3):
            endpoints += self._create_endpoint(f"/more/{number}")
        self._count_calls(FAILING_CALLS, failed=1, endpoint=endpoints[2])
        endpoints.mapped("state")  # builds the apps
        self.env.flush_all()
        self.env.invalidate_all()
        endpoints.mapped("request_log_since")
        endpoints.invalidate_recordset(["state"], flush=False)
        # for each endpoint, the base looks whether another has its path
        with self.assertQueryCount(len(endpoints) + 1):
            states = endpoints.mapped("state")
        self.assertEqual(states, ["unused", "live", "failing", "live"])

    # What needs a served app works as well when it is failing or unused

    def _assert_served(self):
        self.endpoint.invalidate_recordset()
        self.assertTrue(self.endpoint.is_served)
        self.assertTrue(self.endpoint.route_count)
        self.assertIn("curl", self.endpoint.curl_example)
        self.assertTrue(self.endpoint._get_operations())
        self.assertTrue(self.endpoint.is_auth_by_app)
        user = new_test_user(self.env, "calls_runner", groups="base.group_user")
        self.endpoint.write({"user_id": user.id, "run_as": "user"})
        # the app is looked at: its routes ask for the caller
        self.assertIn("respond with 403", self.endpoint.user_warning)
        endpoint = self.endpoint.with_user(self.manager)
        action = endpoint.action_open_routes()
        self.assertTrue(self.env["fastapi.route"].search(action["domain"]))
        self.assertEqual(endpoint.action_try_again()["params"]["type"], "success")

    def test_failing_endpoint_is_served(self):
        self._count_calls(FAILING_CALLS, failed=1)
        self._assert_state("failing")
        self._assert_served()

    def test_unused_endpoint_is_served(self):
        self._assert_state("unused")
        self._assert_served()

    # Routes

    def test_routes_show_their_calls(self):
        route = {"route": "/calls/demo", "duration": 20.0}
        self._count(
            self._make_call(**route, date=NOW),
            self._make_call(**route, date=NOW - timedelta(days=29), status=404),
            self._make_call(**route, date=NOW - timedelta(days=31)),
            self._make_call(**route, date=NOW, method="POST"),
            self._make_call(date=NOW, endpoint_id=self._create_endpoint("/x").id),
        )
        action = self.endpoint.with_user(self.manager).action_open_routes()
        self.assertTrue(action["context"].get("show_calls", True))
        rows = self.env["fastapi.route"].with_user(self.manager)
        called = rows.search([*action["domain"], ("calls", ">", 0)])
        self.assertEqual(called.mapped("path"), ["/demo"])
        self.assertEqual((called.calls, called.errors), (2, 1))
        self.assertAlmostEqual(called.p95, 20, delta=2)
        self.assertTrue(rows.search([*action["domain"], ("calls", "=", 0)]))
        # others see the routes only
        user = new_test_user(
            self.env, "calls_user", groups="fastapi.group_fastapi_user"
        )
        action = self.endpoint.with_user(user).action_open_routes()
        rows = rows.with_user(user).search(action["domain"])
        self.assertNotIn("calls", rows.read()[0])

    def test_routes_of_an_endpoint_that_is_not_counted(self):
        self.endpoint.request_log = "off"
        action = self.endpoint.with_user(self.manager).action_open_routes()
        self.assertFalse(action["context"]["show_calls"])

    # Today

    def test_today(self):
        today = self.endpoint.with_user(self.manager)
        for tz, calls in (
            ("UTC", 2),  # 12:34
            ("America/New_York", 2),  # 8:34, since 4:00 UTC
            ("Pacific/Auckland", 1),  # 1:34 the next day, since 11:00 UTC
            ("Asia/Kolkata", 3),  # 18:04: since 18:30 UTC, which is within an hour
        ):
            with self.subTest(tz):
                self.env["fastapi.request.hour"].search([]).unlink()
                self._count_calls(1, failed=1, minutes=30)
                self._count_calls(1, hours=2, minutes=10)
                self._count_calls(1, hours=18)
                today = today.with_context(tz=tz)
                found = today.calls_today, today.errors_today
                self.assertEqual(found, (calls, 1))

    def test_today_when_the_clock_changes(self):
        endpoint = self.endpoint.with_user(self.manager)
        endpoint = endpoint.with_context(tz="Europe/Brussels")
        for now, calls in (
            (datetime(2026, 3, 29, 12), 1),  # since 23:00 UTC
            (datetime(2026, 10, 25, 12), 2),  # since 22:00 UTC
        ):
            with self.subTest(now), freeze_time(now):
                midnight = now.replace(hour=0)
                for minutes in (30, 90, 150):  # before midnight in UTC
                    date = midnight - timedelta(minutes=minutes)
                    self._count(self._make_call(date=date))
                self.env.invalidate_all()
                self.assertEqual(endpoint.calls_today, calls)

    def test_buttons(self):
        endpoint = self.endpoint.with_user(self.manager)
        for action, filters in (
            (endpoint.action_open_calls_today(), {"search_default_today"}),
            (
                endpoint.action_open_errors_today(),
                {"search_default_today", "search_default_failed"},
            ),
            (endpoint.action_open_usage(), {"search_default_last_week"}),
        ):
            self.assertEqual(set(action["context"]), filters)
            self.assertEqual(action["domain"], [("endpoint_id", "=", endpoint.id)])
            arch = self.env[action["res_model"]].get_view(
                action["search_view_id"] and action["search_view_id"][0], "search"
            )["arch"]
            for name in filters:
                name = name.removeprefix("search_default_")
                self.assertIn(f'name="{name}"', arch)

    def test_form(self):
        user = new_test_user(
            self.env, "calls_user", groups="fastapi.group_fastapi_user"
        )
        with Form(self.endpoint.with_user(self.manager)) as form:
            form.request_log = "off"
        for reader, expected in ((self.manager, True), (user, False)):
            arch = self.endpoint.with_user(reader).get_view(view_type="form")["arch"]
            self.assertEqual("action_open_calls_today" in arch, expected)
            self.assertEqual("failing_text" in arch, expected)
