# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import random
from datetime import timedelta
from math import ceil

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from ..models.fastapi_request_hour import DAYS_PARAM
from .call_case import NOON, CallCase


class TestCounts(CallCase):
    def _read(self, *names):
        rows = self.hours.search([("endpoint_id", "=", self.endpoint.id)], order="id")
        return [tuple(row[name] for name in names) for row in rows]

    def test_calls_of_a_batch_are_added(self):
        self._count(
            self._make_call(),
            self._make_call(status=404, duration=20.5),
            self._make_call(status=500, duration=0.2),
            self._make_call(status=503),
        )
        self.assertEqual(
            self._read(
                "calls", "client_errors", "server_errors", "errors", "duration_sum"
            ),
            [(4, 1, 2, 3, 40.7)],
        )

    def test_calls_of_another_batch_are_added(self):
        self._count(self._make_call(duration=10))
        [[before]] = self._read("id")
        self._count(self._make_call(duration=10), self._make_call(duration=900))
        self.assertEqual(self._read("id", "calls"), [(before, 3)])
        row = self.hours.browse(before)
        self.assertAlmostEqual(row.p50, 10, delta=1)
        self.assertAlmostEqual(row.p95, 900, delta=90)
        self.assertAlmostEqual(row.duration_mean, 920 / 3, places=1)

    def test_each_combination_is_a_row(self):
        partner = self.env["res.partner"].create({"name": "Caller"})
        calls = [
            self._make_call(),
            self._make_call(method="POST"),
            self._make_call(route=""),
            self._make_call(date=NOON + timedelta(hours=1)),
            self._make_call(user_id=self.manager.id),
            self._make_call(user_id=self.manager.id, partner_id=partner.id),
            self._make_call(partner_id=partner.id),
        ]
        for _batch in range(2):
            self._count(*calls, *reversed(calls))
        self.assertEqual(self._read("calls"), [(4,)] * len(calls))
        self.assertEqual(
            {hour for [hour] in self._read("hour")},
            {NOON.replace(hour=hour, minute=0, second=0) for hour in (12, 13)},
        )

    def test_counting_takes_no_ids_from_the_sequence(self):
        self._count(self._make_call())
        for _batch in range(3):
            self._count(self._make_call())
        self._count(self._make_call(method="PUT"))
        [[first], [second]] = self._read("id")
        self.assertEqual(second, first + 1)

    def test_nothing_to_count(self):
        with self.assertQueryCount(0):
            self._count()

    def test_one_statement(self):
        calls = [self._make_call(route=f"/calls/{number}") for number in range(50)]
        with self.assertQueryCount(1):
            self._count(*calls)

    def test_deleted_caller_leaves_the_counts(self):
        users = [
            new_test_user(self.env, name, partner_id=self.manager.partner_id.id)
            for name in ("first", "second")
        ]
        self._count(self._make_call(), *(self._make_call(user_id=u.id) for u in users))
        for user in users:
            user.unlink()
        self.assertEqual(self._read("calls"), [(1,)] * 3)
        self._count(self._make_call())
        self.assertEqual(sorted(self._read("calls")), [(1,), (1,), (2,)])

    def test_deleted_endpoint(self):
        self._count(self._make_call())
        self.endpoint.unlink()
        self.assertFalse(self.hours.search([("route", "=", "/calls/demo")]))

    @mute_logger("odoo.addons.fastapi.system_parameters")
    def test_old_counts_are_deleted(self):
        now = fields.Datetime.now()
        for days in (0, 35, 399, 401):
            self._count(self._make_call(date=now - timedelta(days=days)))
        hours = self.env["fastapi.request.hour"]
        self.assertEqual(hours._gc_hours(), (1, False))
        self.assertEqual(len(self._read("id")), 3)
        params = self.env["ir.config_parameter"]
        params.set_param(DAYS_PARAM, "100")
        self.assertEqual(hours._gc_hours(), (1, False))
        # the status Unused looks back for a month
        params.set_param(DAYS_PARAM, "1")
        self.assertEqual(hours._gc_hours(), (1, False))
        params.set_param(DAYS_PARAM, "soon")
        self.assertEqual(hours._gc_hours(), (0, False))
        self.assertEqual(len(self._read("id")), 1)


class TestPercentiles(CallCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rnd = random.Random(18)
        # the durations of a route, and of another that is ten times as slow
        cls.durations = {
            route: [rnd.lognormvariate(mean, 1) for _call in range(2000)]
            for route, mean in (("/calls/fast", 3), ("/calls/slow", 5.3))
        }
        calls = [
            cls._make_call(
                route=route,
                duration=duration,
                date=NOON + timedelta(hours=number % 5, days=number % 2),
                method="GET" if number % 3 else "POST",
            )
            for route, durations in cls.durations.items()
            for number, duration in enumerate(durations)
        ]
        cls._count(*calls)
        cls.domain = [("endpoint_id", "=", cls.endpoint.id)]

    def _assert_percentile(self, value, durations, share):
        right = sorted(durations)[ceil(share * len(durations)) - 1]
        self.assertLess(abs(value - right), right / 10)

    def test_grouped(self):
        for row in self.hours.formatted_read_group(
            self.domain, ["route"], ["p50:avg", "p95:avg", "calls:sum", "errors:sum"]
        ):
            durations = self.durations[row["route"]]
            self.assertEqual(row["calls:sum"], len(durations))
            self.assertEqual(row["errors:sum"], 0)
            self._assert_percentile(row["p50:avg"], durations, 0.5)
            self._assert_percentile(row["p95:avg"], durations, 0.95)

    def test_grouping_sets(self):
        sets = [[], ["route"], ["route", "hour:hour"]]
        total, routes, hours = self.hours.formatted_read_grouping_sets(
            self.domain, sets, ["p95:avg", "duration_mean:avg"]
        )
        both = sum(self.durations.values(), [])
        self._assert_percentile(total[0]["p95:avg"], both, 0.95)
        self.assertAlmostEqual(total[0]["duration_mean:avg"], sum(both) / len(both))
        for row in routes:
            self._assert_percentile(row["p95:avg"], self.durations[row["route"]], 0.95)
        self.assertEqual(len(hours), 2 * 10)

    def test_order_and_having(self):
        rows = self.hours._read_group(
            self.domain,
            ["route"],
            ["p95:avg"],
            having=[("p50:avg", ">", 0)],
            order="p95:avg desc",
        )
        self.assertEqual([row[0] for row in rows], ["/calls/slow", "/calls/fast"])

    def test_list_as_in_the_web_client(self):
        result = self.hours.web_read_group(
            self.domain,
            ["route"],
            ["p95:avg"],
            auto_unfold=True,
            unfold_read_specification={"p50": {}, "p95": {}, "calls": {}},
        )
        group = result["groups"][0]
        for record in group["__records"]:
            self.assertLessEqual(record["p50"], record["p95"])
        self.assertGreater(group["p95:avg"], 0)

    def test_web_client_offers_them_as_measures(self):
        described = self.hours.fields_get(attributes=["aggregator"])
        for name in ("p50", "p95", "duration_mean", "calls", "errors"):
            self.assertTrue(described[name].get("aggregator"), name)

    def test_label_of_calls_without_a_route(self):
        """The web client has a label for False, and shows nothing for an empty text."""
        self._count(self._make_call(route="", status=404))
        (rows,) = self.hours.formatted_read_grouping_sets(
            self.domain, [["route"]], ["errors:sum"]
        )
        for groups in (rows, self.hours.formatted_read_group(self.domain, ["route"])):
            routes = [group["route"] for group in groups]
            self.assertIn(False, routes)
            self.assertNotIn("", routes)
            (group,) = (group for group in groups if not group["route"])
            found = self.hours.search([*self.domain, *group["__extra_domain"]])
            self.assertEqual(found.mapped("route"), [""])
        (route,) = self.hours.fields_get(["route"], ["falsy_value_label"]).values()
        self.assertEqual(route["falsy_value_label"], "No Route")

    def test_labels_of_hours(self):
        hours = self.hours.with_context(tz="Asia/Kolkata")  # 5:30 h ahead
        groups = hours.formatted_read_group(self.domain, ["hour:hour"], ["calls:sum"])
        labels = [row["hour:hour"][1] for row in groups]
        self.assertEqual(labels[:2], ["10 Mar 17:00", "10 Mar 18:00"])
        self.assertEqual(len(set(labels)), len(groups))
        morning = NOON - timedelta(hours=12)  # the same on a clock
        self._count(self._make_call(date=morning))
        groups = self.hours.formatted_read_group(self.domain, ["hour:hour"])
        self.assertEqual(groups[0]["hour:hour"][1], "10 Mar 00:00")
        self.assertEqual(groups[1]["hour:hour"][1], "10 Mar 12:00")
        for row in groups:
            self.assertTrue(self.hours.search([*self.domain, *row["__extra_domain"]]))

    def test_hour_of_the_day(self):
        hours = self.hours.with_context(tz="Asia/Kolkata")  # 5:30 h ahead
        groups = hours.formatted_read_group(self.domain, ["hour_of_day"], ["calls:sum"])
        self.assertEqual([row["hour_of_day"] for row in groups], [17, 18, 19, 20, 21])
        for row in groups:
            rows = hours.search([*self.domain, *row["__extra_domain"]])
            self.assertEqual(sum(rows.mapped("calls")), row["calls:sum"])
            self.assertEqual(set(rows.mapped("hour_of_day")), {row["hour_of_day"]})


class TestAccess(CallCase):
    def test_only_managers_see_counts(self):
        self._count(self._make_call())
        user = new_test_user(
            self.env, "calls_user", groups="fastapi.group_fastapi_user"
        )
        with self.assertRaises(AccessError):
            self.hours.with_user(user).search([])
        row = self.hours.search([("endpoint_id", "=", self.endpoint.id)])
        for write in (
            lambda: row.write({"calls": 5}),
            lambda: row.unlink(),
            lambda: row.create({"calls": 5}),
        ):
            with self.assertRaises(AccessError), mute_logger("odoo.addons.base"):
                write()

    def test_counts_of_other_companies_are_hidden(self):
        company = self.env["res.company"].create({"name": "Other"})
        other = self._create_endpoint("/other", company_id=company.id)
        shared = self._create_endpoint("/shared", company_id=False)
        for endpoint in self.endpoint + other + shared:
            self._count(self._make_call(endpoint_id=endpoint.id))
        domain = [("endpoint_id", "in", (self.endpoint + other + shared).ids)]
        rows = self.hours.search(domain)
        self.assertEqual(rows.endpoint_id, self.endpoint + shared)
