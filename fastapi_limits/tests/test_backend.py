# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, HttpCase, TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger, translate

from odoo.addons.fastapi.tests.common import FastAPITransactionCase

from ..models.fastapi_endpoint import ALL_ROUTES
from ..rates.rate import parse_rates


class BackendMixin:
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["fastapi.endpoint"]._load_demo_data()
        cls.endpoint = cls.env["fastapi.endpoint"].create(
            {
                "name": "Toured",
                "app": "demo",
                "root_path": "/toured",
                "demo_auth_method": "http_basic",
            }
        )

    def refuse(self, name, seconds, endpoint=None):
        """Return the refusal of a new user, which ends in some seconds."""
        user = new_test_user(self.env, f"{name}@test", name=name)
        now = fields.Datetime.now()
        return self.env["fastapi.rate.refusal"].create(
            {
                "key": name,
                "endpoint_id": (endpoint or self.endpoint).id,
                "place": "GET /items",
                "rate": "100/minute",
                "counted_by": "caller",
                "user_id": user.id,
                "partner_id": user.partner_id.id,
                "date": now,
                "until": now + timedelta(seconds=seconds),
            }
        )


@tagged("post_install", "-at_install")
class TestBackend(BackendMixin, TransactionCase):
    def test_values_that_are_not_rates(self):
        for name, value in (
            ("rate_by_caller", "many/minute"),
            ("rate_by_key", "10/second; 5"),
            ("rate_by_address", "0/day"),
        ):
            with self.assertRaises(ValidationError) as caught:
                self.endpoint[name] = value
            message = str(caught.exception)
            self.assertIn(repr(value), message)
            self.assertIn(self.endpoint._fields[name].string, message)
        with Form(self.endpoint) as form:
            form.rate_by_caller = " 10/second, 1000 per 2 hours "

    def test_each_rate_rebuilds_the_app(self):
        for name in ("rate_by_caller", "rate_by_key", "rate_by_address"):
            version = self.endpoint.app_version
            self.endpoint[name] = "10/second"
            self.assertNotEqual(self.endpoint.app_version, version)

    def test_a_copy_has_the_rates(self):
        self.endpoint.rate_by_key = "10/second"
        self.assertEqual(self.endpoint.copy().rate_by_key, "10/second")

    def test_who_is_refused_now(self):
        refusals = self.env["fastapi.rate.refusal"]
        now, earlier = self.refuse("now", 60), self.refuse("earlier", -60)
        self.assertEqual(self.endpoint.rate_refusal_count, 1)
        for value, expected in ((True, now), (False, earlier)):
            found = refusals.search(
                [
                    ("endpoint_id", "=", self.endpoint.id),
                    ("is_refused", "=", value),
                ]
            )
            self.assertEqual(found, expected)
        self.assertEqual((now + earlier).mapped("is_refused"), [True, False])
        action = self.endpoint.action_open_rate_refusals()
        self.assertEqual(refusals.search(action["domain"]), now + earlier)
        # the list shows what the button counts
        self.assertEqual(action["context"], {"search_default_refused": 1})
        view = self.env.ref("fastapi_limits.fastapi_rate_refusal_search_view")
        self.assertIn('name="refused"', view.arch)

    def test_refusals_are_recorded_once(self):
        refusals = self.env["fastapi.rate.refusal"]
        vals = {
            "endpoint_id": self.endpoint.id,
            "place": "All routes",
            "rate": "1/day",
            "counted_by": "address",
            "user_id": None,
        }
        refusals._record("key", 10, vals)
        refusals._record("key", 3600, vals)
        (refusal,) = refusals.search([("key", "=", "key")])
        self.assertEqual(refusal.subject, "An address")
        self.assertAlmostEqual(
            (refusal.until - refusal.date).total_seconds(), 3600, delta=1
        )

    def test_limits_of_an_endpoint_are_named_in_the_language_of_the_user(self):
        refusal = self.refuse("now", 60)
        self.assertEqual(refusal.place_name, "GET /items")
        refusal.place = ALL_ROUTES
        self.assertEqual(refusal.place_name, "All routes")
        terms = {"All routes": "Toutes les routes"}
        with patch.object(translate, "code_translations") as translations:
            translations.get_python_translations.return_value = terms
            self.env["res.lang"]._activate_lang("fr_FR")
            refusal = refusal.with_context(lang="fr_FR")
            self.assertEqual(refusal.place_name, "Toutes les routes")

    def test_old_refusals_are_deleted(self):
        old, new = self.refuse("old", -60), self.refuse("new", -60)
        old.date -= timedelta(days=8)
        self.env["fastapi.rate.refusal"]._gc_refusals()
        self.assertEqual((old + new).exists(), new)

    def test_rights(self):
        user = new_test_user(self.env, "user@test", groups="fastapi.group_fastapi_user")
        refusal = self.refuse("refused", 60)
        self.assertEqual(refusal.with_user(user).subject, "refused")
        with self.assertRaises(AccessError):
            refusal.with_user(user).action_reset()
        outsider = new_test_user(self.env, "outsider@test")
        with self.assertRaises(AccessError):
            refusal.with_user(outsider).read(["subject"])

    def test_endpoints_of_other_companies(self):
        company = self.env["res.company"].create({"name": "Other"})
        refusal = self.refuse("refused", 60)
        user = new_test_user(
            self.env,
            "user@test",
            groups="fastapi.group_fastapi_manager",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        found = self.env["fastapi.rate.refusal"].with_user(user).search([])
        self.assertNotIn(refusal, found)


@tagged("post_install", "-at_install")
class TestTour(BackendMixin, HttpCase):
    def test_tour(self):
        self.refuse("Refused Caller", 3600)
        self.refuse("Earlier Caller", -60)
        with mute_logger("odoo.http"):  # the value that is refused
            self.start_tour("/odoo", "fastapi_limits", login="admin")
        self.assertEqual(self.endpoint.rate_by_caller, "10/second; 1000/day")
        left = self.env["fastapi.rate.refusal"].search(
            [("endpoint_id", "=", self.endpoint.id)]
        )
        self.assertEqual(left.mapped("subject"), ["Earlier Caller"])


@tagged("post_install", "-at_install")
class TestRouter(BackendMixin, FastAPITransactionCase):
    """Tests of an app without a server, as other addons write them."""

    def call(self, count, partner=None):
        self.endpoint.rate_by_caller = "2/hour"
        with self._create_test_client(
            self.endpoint._get_app(), partner=partner, raise_server_exceptions=False
        ) as client:
            return [client.get("/demo") for _ in range(count)]

    def test_requests_are_counted(self):
        responses = self.call(3, self.env.user.partner_id)
        self.assertEqual(
            [response.status_code for response in responses], [200, 200, 429]
        )
        self.assertEqual(
            responses[0].headers["RateLimit-Policy"], '"caller-hour";q=2;w=3600'
        )
        # another caller
        self.assertEqual(self.call(1)[0].status_code, 200)

    def test_each_test_starts_without_counts(self):
        self.test_requests_are_counted()

    def test_a_rate_in_words(self):
        (rate,) = parse_rates("1/day", "caller")
        self.assertEqual(rate.words, "1 request per day")
