# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The log with ten million rows: what its screens do, one by one.

``make stress`` has the calls of a month, and counts of 400 days. Each query must take
less than a second. The tables are emptied afterwards, which returns their disk space.
"""

import ast
import statistics
import time
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial

from lxml import etree

from odoo.api import SUPERUSER_ID, Environment
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools.safe_eval import safe_eval

from odoo.addons.fastapi.tests.work_case import release_registries
from odoo.addons.fastapi_request_log.calls import Call
from odoo.addons.test_fastapi.tests.servers import connect
from odoo.addons.test_fastapi.tests.stress_case import StressMixin

LOG = "fastapi.request.log"
HOUR = "fastapi.request.hour"
#: Seconds that a screen may take.
LIMIT = 1
#: How often each is measured; the median counts.
TURNS = 3
#: Period of the calls and of the counts, in days.
DAYS = 30
COUNTED_DAYS = 400
ROUTES = 40
USERS = 20
ROOT_PATHS = ("/rows/shop", "/rows/stock", "/rows/old")
#: Filters that look at a period; the others are combined with the last day.
PERIODS = {"today", "last_day", "last_week"}

FILL_LOG = """
    INSERT INTO fastapi_request_log (
           date, endpoint_id, method, route, path, status, duration, queries,
           sql_duration, request_size, response_size, user_id, partner_id, key_name,
           auth_method, address, request_id, attempts, error, error_place)
    SELECT now() AT TIME ZONE 'UTC'
               - (%(rows)s - number) * %(step)s * interval '1 second',
           (%(endpoints)s)[
               CASE WHEN dice < 0.9 THEN 1 WHEN dice < 0.99 THEN 2 ELSE 3 END],
           CASE WHEN number %% 5 = 0 THEN 'POST' ELSE 'GET' END,
           route, replace(route, '{id}', (number %% 10007)::text),
           status, exp(2 + 3 * random() + 3 * random()), (5 + 20 * random())::int,
           exp(1 + 2 * random()), (1000 * random())::int, (9000 * random())::int,
           caller.id, caller.partner_id,
           CASE WHEN caller.id > 0 THEN 'Key ' || caller.id END,
           CASE WHEN caller.id > 0 THEN 'api_key' END,
           '198.51.100.' || number %% 250, md5(number::text),
           CASE WHEN number %% 500 = 0 THEN 2 ELSE 1 END,
           CASE WHEN status >= 500 THEN 'ValueError: no room for ' || number END,
           CASE WHEN status >= 500 THEN 'shop/routers.py:' || number %% 9 END
      FROM (
        SELECT number, random() AS dice,
               '/rows/shop/things' || number %% %(routes)s || '/{id}' AS route,
               CASE WHEN random() < 0.93 THEN 200 WHEN random() < 0.3 THEN 304
                    WHEN random() < 0.8 THEN 404 ELSE 500 END AS status
          FROM generate_series(1, %(rows)s) AS number
           ) AS call
 LEFT JOIN (SELECT row_number() OVER (), id, partner_id FROM res_users
             WHERE login LIKE 'rows-%%') AS caller (place, id, partner_id)
        -- the last one calls rarely; some calls have no caller
        ON place = CASE WHEN number %% 400000 = 399999 THEN %(users)s
                        ELSE nullif(1 + number %% %(users)s, %(users)s) END
  ORDER BY number
"""
FILL_HOURS = """
    INSERT INTO fastapi_request_hour (
           hour, endpoint_id, method, route, caller, user_id, partner_id, calls,
           client_errors, server_errors, duration_sum, bucket_12, bucket_20, bucket_30)
    SELECT hour, (%(endpoints)s)[1], 'GET', '/rows/shop/things' || route || '/{id}',
           caller.id || '/' || caller.partner_id || '/', caller.id, caller.partner_id,
           100, 4, 1, 9000, 60, 30, 10
      FROM generate_series(date_trunc('hour', now() AT TIME ZONE 'UTC')
                               - %(days)s * interval '1 day',
                           now() AT TIME ZONE 'UTC', '1 hour') AS hour,
           generate_series(1, %(routes)s) AS route,
           (SELECT id, partner_id FROM res_users WHERE login LIKE 'rows-%%'
             ORDER BY id LIMIT 3) AS caller
"""


@tagged("post_install", "-at_install")
class TestRows(StressMixin, BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rows = cls.size(full=10_000_000, short=20_000)
        cls.dbname = get_db_name()
        cls.connection = connect(cls.dbname)
        cls.addClassCleanup(cls.connection.close)

    def setUp(self):
        super().setUp()
        self.registry = release_registries(self)
        self.failures = []
        self.tried = 0
        self.addCleanup(self.clean_up)
        self.clean_up()
        with self.registry.cursor() as cr:
            env = Environment(cr, SUPERUSER_ID, {})
            self.endpoint_ids = (
                env["fastapi.endpoint"]
                .create(
                    [
                        {"name": path, "app": "test_log", "root_path": path}
                        for path in ROOT_PATHS
                    ]
                )
                .ids
            )
            users = [
                {"name": f"Caller {n}", "login": f"rows-{n}"} for n in range(USERS)
            ]
            env["res.users"].create(users)
        self.fill()

    def clean_up(self):
        self.query("TRUNCATE fastapi_request_log")
        self.query("TRUNCATE fastapi_request_hour, fastapi_request_total")
        with self.registry.cursor() as cr:
            env = Environment(cr, SUPERUSER_ID, {})
            for model, name, values in (
                ("fastapi.endpoint", "root_path", ROOT_PATHS),
                ("res.users", "login", [f"rows-{number}" for number in range(USERS)]),
            ):
                env[model].search([(name, "in", values)]).unlink()

    def query(self, query, **values):
        with closing(self.connection.cursor()) as cr:
            cr.execute(query, values or None)
            return cr.fetchall() if cr.description else None

    def fill(self):
        """Insert rows. Indices and foreign keys are made afterwards: it is faster."""
        values = {
            "rows": self.rows,
            "step": DAYS * 24 * 60 * 60 / self.rows,
            "endpoints": self.endpoint_ids,
            "routes": ROUTES,
            "users": USERS,
            "days": self.size(full=COUNTED_DAYS, short=2),
        }
        parts = self.query(
            """
            SELECT 'DROP INDEX ' || indexname, indexdef
              FROM pg_indexes
             WHERE tablename = 'fastapi_request_log' AND indexname NOT LIKE '%_pkey'
             UNION ALL
            SELECT alter_table || 'DROP ' || name,
                   alter_table || 'ADD ' || name || pg_get_constraintdef(oid)
              FROM (SELECT 'ALTER TABLE fastapi_request_log ') AS start (alter_table),
                   pg_constraint,
                   concat('CONSTRAINT ', conname, ' ') AS name
             WHERE conrelid = 'fastapi_request_log'::regclass AND contype = 'f'
            """
        )
        for drop, _make in parts:
            self.query(drop)
        self.query("SELECT setseed(0.5)")
        self.query(FILL_LOG, **values)
        for _drop, make in parts:
            self.query(make)
        self.query(FILL_HOURS, **values)
        self.query("VACUUM ANALYZE fastapi_request_log")
        self.query("VACUUM ANALYZE fastapi_request_hour")

    def measure(self, name, call, limit=LIMIT):
        """Measure what a screen does, each time in a new transaction."""
        seconds = []
        for _turn in range(self.size(full=TURNS, short=1)):
            start = time.perf_counter()
            with self.registry.cursor() as cr:  # commits at the end
                env = Environment(cr, self.admin_id, {"tz": "Europe/Brussels"})
                result = call(env)
            seconds.append(time.perf_counter() - start)
        median = statistics.median(seconds)
        self.tried += 1
        self.note(query=name, seconds=round(median, 3))
        if median >= limit and self.full:
            self.failures.append(f"{name}: {median:.2f} s")
        return result

    def get_arch(self, model, view):
        with self.registry.cursor() as cr:
            env = Environment(cr, self.admin_id, {})
            return etree.fromstring(env[model].get_view(view_type=view)["arch"])

    def get_filters(self, model):
        """Return the domains of the filters of a model by their names."""
        return {
            node.get("name"): ast.literal_eval(node.get("domain"))
            for node in self.get_arch(model, "search").iter("filter")
            if node.get("domain")
        }

    def get_groupings(self, model):
        return [
            ast.literal_eval(node.get("context"))["group_by"]
            for node in self.get_arch(model, "search").iter("filter")
            if node.get("context")
        ]

    @property
    def admin_id(self):
        return 2

    def measure_list(self, name, domain):
        """Measure the first page of the list, and its count."""
        columns = {
            node.get("name"): {"fields": {"display_name": {}}}
            if node.get("name").endswith("_id") and node.get("name") != "request_id"
            else {}
            for node in self.get_arch(LOG, "list").iter("field")
        }

        def read(env):
            return env[LOG].web_search_read(
                domain, columns, limit=80, count_limit=10_001
            )

        return self.measure(f"list, {name}", read)

    def test_screens(self):
        self.measure_lists()
        self.measure_groups()
        self.measure_counts()
        self.measure_form()
        self.measure_writing()
        self.measure_size()
        name = f"screens of a log with {self.rows:,} rows"
        self.conclude(name, self.tried, self.failures)

    def measure_lists(self):
        filters = self.get_filters(LOG)
        self.assertLessEqual(PERIODS, set(filters))
        last_day = filters["last_day"]
        found = self.measure_list("default filter", last_day)
        self.assertEqual(len(found["records"]), 80)
        found = self.measure_list("all rows", [])
        self.assertEqual(found["length"], 10_001)
        endpoint = [("endpoint_id", "=", self.endpoint_ids[1])]
        self.measure_list("all rows of an endpoint", endpoint)
        for name, domain in filters.items():
            period = [] if name in PERIODS else last_day
            self.measure_list(name, [*period, *domain])
        for name in ("failed", "client_errors", "server_errors"):
            self.measure_list(f"{name} of all days", filters[name])
        (route,) = self.get_arch(LOG, "search").xpath("field[@name='route']")
        text = {"self": "things7/99"}
        for name, domain in (
            ("route or path", safe_eval(route.get("filter_domain"), text)),
            ("status", [("status", "=", 404)]),
            ("user by name", [("user_id", "ilike", "Caller 7")]),
            ("partner by name", [("partner_id", "ilike", "Caller 7")]),
            ("name of the key", [("key_name", "ilike", "Key")]),
            ("address", [("address", "ilike", "198.51.100.7")]),
            ("error", [("error", "ilike", "no room for 1")]),
        ):
            self.measure_list(f"search for {name}", [*last_day, *domain])
        ((user_id, rare_user_id, rare_partner_id),) = self.query(
            "SELECT min(id), max(id), max(partner_id) FROM res_users "
            "WHERE login LIKE 'rows-%'"
        )
        request_id = "md5((%(rows)s / 2)::text)"
        ((request_id,),) = self.query(f"SELECT {request_id}", rows=self.rows)
        for name, domain in (
            ("request id", [("request_id", "=", request_id)]),
            ("route", [("route", "=", "/rows/shop/things7/{id}")]),
            ("user", [("user_id", "=", user_id)]),
            ("user who calls rarely", [("user_id", "=", rare_user_id)]),
            ("partner who calls rarely", [("partner_id", "=", rare_partner_id)]),
        ):
            found = self.measure_list(f"{name}, of all days", domain)
            self.assertTrue(found["records"] or not self.full, name)

    def measure_groups(self):
        filters = self.get_filters(LOG)
        averages = [
            f"{name}:avg"
            for name in ("duration", "queries", "sql_duration", "response_size")
        ]
        # a group of a week has a quarter of all rows; their counts are there at once
        for period, limit in (("last_day", LIMIT), ("last_week", 10 * LIMIT)):
            for grouping in self.get_groupings(LOG):
                read = partial(
                    self.read_groups, LOG, filters[period], grouping, averages
                )
                found = self.measure(f"group by {grouping}, {period}", read, limit)
                self.assertTrue(found["groups"], grouping)

    def read_groups(self, model, domain, grouping, aggregates, env):
        return env[model].web_read_group(
            domain, [grouping], ["__count", *aggregates], limit=80
        )

    def measure_counts(self):
        """Pivot, graph and list of the roll-up."""
        filters = self.get_filters(HOUR)
        measures = ["calls:sum", "errors:sum", "p50:avg", "p95:avg"]

        def read_pivot(env):
            sets = [[], ["route"], ["route", "method"]]
            return env[HOUR].formatted_read_grouping_sets(domain, sets, measures)

        def read_graph(env):
            return env[HOUR].formatted_read_group(domain, ["hour:hour"], ["calls:sum"])

        def read_percentiles(env):
            return env[HOUR].formatted_read_group(domain, ["hour:day"], ["p95:avg"])

        for period in ("today", "last_week", "last_month"):
            domain = filters[period]
            self.measure(f"pivot, {period}", read_pivot)
            self.measure(f"graph of calls by hour, {period}", read_graph)
            self.measure(f"graph of p95 by day, {period}", read_percentiles)
            for grouping in self.get_groupings(HOUR):
                read = partial(self.read_groups, HOUR, domain, grouping, measures)
                self.measure(f"counts by {grouping}, {period}", read)

    def measure_form(self):
        def read(env):
            call = env[LOG].search([("status", ">=", 500)], limit=1)
            names = ("curl", "error", "request_headers", "response_body_text")
            return call.web_read(dict.fromkeys(names, {}))

        self.measure("form of a call", read)

        def read_endpoints(env):
            endpoints = env["fastapi.endpoint"].browse(self.endpoint_ids)
            names = ("state", "calls_today", "errors_today", "failing_text")
            return endpoints.web_read(dict.fromkeys(names, {}))

        # the first time builds the apps
        self.measure("states and smart buttons of 3 endpoints", read_endpoints)

    def measure_writing(self):
        now = datetime.utcnow().replace(microsecond=0)
        user_id = self.query("SELECT min(id) FROM res_users WHERE login LIKE 'rows-%'")
        calls = [
            Call(
                now - timedelta(seconds=number % 60),
                self.endpoint_ids[0],
                "GET",
                f"/rows/shop/things{number % ROUTES}/{number}",
                200 if number % 20 else 404,
                number / 10,
                f"/rows/shop/things{number % ROUTES}/{{id}}",
                user_id=user_id[0][0],
                request_id=f"{number:032x}",
            )
            for number in range(1000)
        ]
        self.measure(
            "write 1,000 calls", lambda env: len(env[LOG].sudo()._store(calls))
        )
        # the oldest third of one endpoint
        self.query(
            "UPDATE fastapi_endpoint SET request_log_days = %(days)s "
            "WHERE id = ANY(%(ids)s)",
            days=DAYS * 2 // 3,
            ids=self.endpoint_ids,
        )
        done, more = self.measure(
            "delete a piece", lambda env: env[LOG].sudo()._gc_calls()
        )
        self.assertTrue(done)
        self.assertEqual(more, self.full)

    def measure_size(self):
        query = (
            "SELECT pg_table_size(%(name)s), pg_indexes_size(%(name)s), "
            "(SELECT reltuples FROM pg_class WHERE oid = %(name)s::regclass)"
        )
        for table in ("fastapi_request_log", "fastapi_request_hour"):
            ((size, indices, rows),) = self.query(query, name=table)
            self.note(table=table, bytes=size, bytes_of_indices=indices, rows=rows)
        query = (
            "SELECT indexrelname, pg_relation_size(indexrelid), idx_scan "
            "FROM pg_stat_user_indexes WHERE relname = 'fastapi_request_log' ORDER BY 1"
        )
        for name, size, scans in self.query(query):
            self.note(index=name, bytes=size, scans=scans)
