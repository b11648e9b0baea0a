# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import datetime

from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.fastapi_request_log.calls import Call
from odoo.addons.fastapi_request_log.metrics import MetricsCollector
from odoo.addons.fastapi_request_log.models.fastapi_request_total import BOUNDS

REQUESTS = "odoo_fastapi_requests_total"
DURATION = "odoo_fastapi_request_duration_seconds"
LOST = "odoo_fastapi_log_lost_total"
STATE = "odoo_fastapi_endpoint_state"


def make_call(endpoint, route="/shop/items/{item}", **values):
    values = {"method": "GET", "status": 200, "duration": 3.0, **values}
    date = datetime(2026, 1, 31, 12, 0)
    return Call(date=date, endpoint_id=endpoint.id, path=route, route=route, **values)


class MetricsMixin:
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["fastapi.endpoint"].search([]).unlink()
        cls.env["fastapi.endpoint"]._load_demo_data()
        cls.endpoint = cls.create_endpoint("/shop")
        cls.totals = cls.env["fastapi.request.total"]

    @classmethod
    def create_endpoint(cls, root_path, **vals):
        vals = {
            "name": root_path,
            "app": "demo",
            "demo_auth_method": "http_basic",
            "root_path": root_path,
            **vals,
        }
        return cls.env["fastapi.endpoint"].create(vals)


@tagged("post_install", "-at_install")
class TestMetrics(MetricsMixin, TransactionCase):
    def setUp(self):
        super().setUp()
        self.registry = CollectorRegistry()
        self.registry.register(MetricsCollector(self.env, BOUNDS))

    def value(self, name, **labels):
        labels = {"endpoint": "/shop", **labels}
        return self.registry.get_sample_value(name, labels)

    def buckets(self, **labels):
        labels = {"endpoint": "/shop", **labels}
        return {
            sample.labels.pop("le"): sample.value
            for metric in self.registry.collect()
            for sample in metric.samples
            if sample.name == f"{DURATION}_bucket"
            and {**labels, "le": sample.labels["le"]} == sample.labels
        }

    def test_shown_token_is_not_saved(self):
        # a failed query would log it
        with self.assertNoLogs("odoo.sql_db", "ERROR"):
            shown = self.env["fastapi.metrics.token.show"]
            self.assertEqual(shown.web_save({"key": "secret"}, {}), [])

    def test_requests(self):
        route = {"method": "GET", "route": "/shop/items/{item}"}
        call = make_call(self.endpoint)
        self.totals._count([call, call, make_call(self.endpoint, status=404)])
        self.totals._count([call, make_call(self.endpoint, method="POST")])
        self.assertEqual(self.value(REQUESTS, status="200", **route), 3)
        self.assertEqual(self.value(REQUESTS, status="404", **route), 1)
        route["method"] = "POST"
        self.assertEqual(self.value(REQUESTS, status="200", **route), 1)
        self.assertEqual(self.value(f"{DURATION}_count", **route), 1)

    def test_no_calls(self):
        self.totals._count([])
        self.assertFalse(self.totals.search_count([]))

    def test_durations_are_seconds_of_all_statuses(self):
        route = {"method": "GET", "route": "/shop"}
        durations = (0.0, 5.0, 5.1, 700.0, 10_000.0, 61_000.0)
        calls = [
            make_call(self.endpoint, "/shop", duration=duration, status=200 + number)
            for number, duration in enumerate(durations)
        ]
        self.totals._count(calls)
        buckets = self.buckets(**route)
        self.assertEqual(len(buckets), len(BOUNDS) + 1)
        shown = {
            bound: buckets[bound]
            for bound in ("0.005", "0.01", "0.5", "0.75", "7.5", "10.0", "+Inf")
        }
        self.assertEqual(list(shown.values()), [2, 3, 3, 4, 4, 5, 6])
        self.assertEqual(self.value(f"{DURATION}_count", **route), 6)
        seconds = self.value(f"{DURATION}_sum", **route)
        self.assertAlmostEqual(seconds, sum(durations) / 1000)

    def test_paths_without_a_route_have_one_label(self):
        calls = [
            make_call(self.endpoint, "", status=404),
            make_call(self.endpoint, "", status=404, duration=20.0),
        ]
        self.totals._count(calls)
        labels = {"method": "GET", "route": "unknown"}
        self.assertEqual(self.value(REQUESTS, status="404", **labels), 2)

    def test_counting_takes_no_new_ids(self):
        def get_next_id():
            self.env.cr.execute("SELECT nextval('fastapi_request_total_id_seq')")
            return self.env.cr.fetchone()[0]

        self.totals._count([make_call(self.endpoint)])
        before = get_next_id()
        self.totals._count([make_call(self.endpoint)])
        self.assertEqual(get_next_id(), before + 1)

    def test_counters_have_no_end(self):
        self.totals._count([make_call(self.endpoint)])
        self.totals.search([]).calls = 2.0**40
        self.env.invalidate_all()
        self.totals._count([make_call(self.endpoint)])
        self.assertEqual(self.totals.search([]).calls, 2.0**40 + 1)

    def test_endpoints_with_the_same_root_path_are_one(self):
        """Prometheus refuses two samples with the same labels."""
        self.totals._count([make_call(self.endpoint)])
        self.endpoint.active = False
        other = self.create_endpoint("/shop")
        self.totals._count([make_call(other), make_call(other)])
        route = {"method": "GET", "route": "/shop/items/{item}"}
        samples = [
            sample
            for metric in self.registry.collect()
            for sample in metric.samples
            if sample.name == REQUESTS
        ]
        self.assertEqual(len(samples), 1)
        self.assertEqual(self.value(REQUESTS, status="200", **route), 3)

    def test_counters_of_a_deleted_endpoint(self):
        self.totals._count([make_call(self.endpoint)])
        self.endpoint.unlink()
        self.assertFalse(self.totals.search_count([]))

    def test_states(self):
        self.create_endpoint("/old", active=False)
        self.assertEqual(self.value(STATE, state="live"), 1)
        self.assertEqual(self.value(STATE, state="broken"), 0)
        self.assertIsNone(self.value(STATE, state="archived"))
        self.assertIsNone(self.value(STATE, endpoint="/old", state="live"))
        # as a migration from another addon may leave it
        self.env.cr.execute(
            "UPDATE fastapi_endpoint SET root_path = '/web' WHERE id = %s",
            [self.endpoint.id],
        )
        self.env.invalidate_all()
        labels = {"endpoint": "/web", "state": "broken"}
        self.assertEqual(self.value(STATE, **labels), 1)

    def test_lost_calls(self):
        self.assertEqual(self.registry.get_sample_value(LOST), 0)
        losses = [{"calls": 3, "reason": "x"}, {"calls": 4, "reason": "y"}]
        self.env["fastapi.request.loss"].create(losses).flush_recordset()
        self.assertEqual(self.registry.get_sample_value(LOST), 7)

    def test_reading_takes_the_same_queries_for_all_routes(self):
        def count_queries():
            before = self.env.cr.sql_log_count
            list(self.registry.collect())
            return self.env.cr.sql_log_count - before

        self.totals._count([make_call(self.endpoint)])
        count_queries()
        few = count_queries()
        calls = [make_call(self.endpoint, f"/shop/{number}") for number in range(50)]
        self.totals._count(calls)
        self.assertEqual(count_queries(), few)

    def test_root_path_of_the_page(self):
        with self.assertRaisesRegex(ValidationError, "/metrics is not possible"):
            self.create_endpoint("/metrics")


@tagged("post_install", "-at_install")
class TestMetricsPage(MetricsMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.group = cls.env["res.groups"].create({"name": "Watchers"})
        cls.watcher = new_test_user(
            cls.env, "watcher", groups="base.group_user", password="watcher's secret"
        )
        cls.watcher.group_ids |= cls.group
        cls.other = new_test_user(
            cls.env, "other", groups="base.group_user", password="other's secret"
        )
        call = make_call(cls.endpoint)
        cls.totals._count([call, call])

    def configure(self, **vals):
        vals = {"fastapi_metrics": True, **vals}
        self.env["res.config.settings"].create(vals).execute()

    def make_token(self):
        settings = self.env["res.config.settings"].create({})
        return settings.action_make_fastapi_metrics_token()["context"]["default_key"]

    def make_key(self, user, scope=None):
        keys = self.env["res.users.apikeys"].with_user(user).sudo()
        return keys._generate(scope, "test", None)

    def get(self, credential=None, accept=None, method="GET"):
        headers = {"Authorization": f"Bearer {credential}"} if credential else {}
        if accept:
            headers["Accept"] = accept
        return self.opener.request(
            method, f"{self.base_url()}/metrics", headers=headers, timeout=30
        )

    def status(self, credential=None):
        return self.get(credential).status_code

    def test_off(self):
        with self.assertNoLogs("odoo.http", "WARNING"):
            self.assertEqual(self.status(), 404)
        self.assertEqual(self.status(self.make_token()), 404)
        self.authenticate("admin", "admin")
        self.assertEqual(self.status(), 404)

    def test_switched_off_again(self):
        self.configure()
        token = self.make_token()
        self.assertEqual(self.status(token), 200)
        self.configure(fastapi_metrics=False)
        self.assertEqual(self.status(token), 404)

    def test_nobody_may_read(self):
        self.configure()
        response = self.get()
        self.assertEqual(response.status_code, 401)
        self.assertEqual(response.headers["WWW-Authenticate"], "Bearer")
        self.assertIn("text/plain", response.headers["Content-Type"])
        self.assertNotIn("Set-Cookie", response.headers)
        self.assertNotIn("odoo_fastapi", response.text)
        for credential in ("wrong", "é", "x" * 5000, self.make_key(self.watcher)):
            self.assertEqual(
                self.status(credential.encode("utf-8").decode("latin-1")), 401
            )
        self.authenticate("admin", "admin")
        self.assertEqual(self.status(), 401)

    def test_token(self):
        self.configure()
        token = self.make_token()
        self.assertGreater(len(token), 40)
        self.assertEqual(self.status(token), 200)
        self.assertEqual(self.status(token[:-1]), 401)
        self.assertEqual(self.status(f"{token}x"), 401)
        # the token is not stored, and a hash opens nothing
        parameters = self.env["ir.config_parameter"].search([])
        self.assertNotIn(token, parameters.mapped("value"))
        known = parameters.get_param("fastapi_request_log.metrics_token_hash")
        self.assertEqual(self.status(known), 401)

    def test_token_is_replaced_and_removed(self):
        self.configure()
        first, second = self.make_token(), self.make_token()
        self.assertEqual((self.status(first), self.status(second)), (401, 200))
        settings = self.env["res.config.settings"].create({})
        self.assertTrue(settings.fastapi_metrics_has_token)
        settings.action_remove_fastapi_metrics_token()
        settings = self.env["res.config.settings"].create({})
        self.assertFalse(settings.fastapi_metrics_has_token)
        self.assertEqual(self.status(second), 401)

    def test_saving_keeps_the_token(self):
        self.configure()
        token = self.make_token()
        self.configure(fastapi_metrics_group_id=self.group.id)
        self.assertEqual(self.status(token), 200)

    def test_session_of_a_member(self):
        self.configure(fastapi_metrics_group_id=self.group.id)
        self.assertEqual(self.status(), 401)
        self.authenticate("watcher", "watcher's secret")
        self.assertEqual(self.status(), 200)
        # a wrong credential is not made up for by a session
        self.assertEqual(self.status("wrong"), 401)
        self.authenticate("other", "other's secret")
        self.assertEqual(self.status(), 401)

    def test_api_key_of_a_member(self):
        self.configure(fastapi_metrics_group_id=self.group.id)
        self.assertEqual(self.status(self.make_key(self.watcher)), 200)
        self.assertEqual(self.status(self.make_key(self.other)), 401)
        # a key for one purpose only
        self.assertEqual(self.status(self.make_key(self.watcher, "2fa")), 401)
        key = self.make_key(self.watcher)
        self.watcher.active = False
        self.assertEqual(self.status(key), 401)

    def test_deleted_group(self):
        self.configure(fastapi_metrics_group_id=self.group.id)
        self.group.unlink()
        self.authenticate("watcher", "watcher's secret")
        self.assertEqual(self.status(), 401)

    @mute_logger("odoo.http")
    def test_only_administrators_make_tokens(self):
        settings = self.env["res.config.settings"].with_user(self.watcher)
        with self.assertRaises(AccessError):
            settings.create({})
        with self.assertRaises(AccessError):
            settings.action_make_fastapi_metrics_token()
        with self.assertRaises(AccessError):
            settings.action_remove_fastapi_metrics_token()

    def test_formats(self):
        self.configure()
        token = self.make_token()
        for accept, content_type, parse in (
            (None, "text/plain", parse_text),
            ("text/plain;version=0.0.4;q=0.5", "text/plain", parse_text),
            (
                "application/openmetrics-text; version=1.0.0,text/plain;q=0.5",
                "application/openmetrics-text",
                parse_openmetrics,
            ),
        ):
            with self.subTest(accept):
                response = self.get(token, accept)
                self.assertEqual(response.status_code, 200)
                found = response.headers["Content-Type"].partition(";")[0]
                self.assertEqual(found, content_type)
                self.assertEqual(response.headers["Cache-Control"], "no-store")
                samples = {
                    sample.name: sample.value
                    for metric in parse(response.text)
                    for sample in metric.samples
                }
                self.assertEqual(samples[REQUESTS], 2)
                self.assertEqual(samples[f"{DURATION}_sum"], 0.006)
                self.assertIn(STATE, samples)

    def test_requests_that_are_not_for_prometheus(self):
        self.configure()
        token = self.make_token()
        response = self.url_open(
            "/metrics?name[]=x&name[]=", headers={"Authorization": f"Bearer {token}"}
        )
        self.assertEqual(response.status_code, 200)
        self.assertEqual(self.get(token, method="POST").status_code, 405)
