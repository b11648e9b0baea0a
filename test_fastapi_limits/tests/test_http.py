# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from typing import Annotated
from unittest.mock import patch

from fastapi import Header

from odoo.tests import new_test_user, tagged
from odoo.tools import config, mute_logger

from odoo.addons.fastapi.context import odoo_env_ctx
from odoo.addons.fastapi.dependencies import optionally_authenticated_partner_impl
from odoo.addons.fastapi_limits.models import fastapi_rate_refusal
from odoo.addons.fastapi_limits.rates.postgres import CursorCounter
from odoo.addons.test_fastapi.tests.common import FastapiHttpCase


class LimitsHttpCase(FastapiHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.limits = cls._create_endpoint(
            "/limits",
            app="test_limits",
            auth_basic=True,
            auth_api_key=True,
            rate_by_address=False,
        )

    def setUp(self):
        super().setUp()
        # Odoo logs each request, and the addon each refusal
        self.mute("odoo.addons.fastapi_limits.rates.limiter")
        self.startPatcher(patch.dict(fastapi_rate_refusal._recent, clear=True))

    def statuses(self, count, path, method="GET", **kwargs):
        return [
            self.call(method, f"/limits{path}", **kwargs).status_code
            for _ in range(count)
        ]

    def generate_key(self, user=None):
        _key, secret = self.env["fastapi.endpoint.key"]._generate(
            endpoint=self.limits, user=user or self.caller, name="Made in a test"
        )
        return {"Authorization": f"Bearer {secret}"}


@tagged("post_install", "-at_install")
class TestResponses(LimitsHttpCase):
    def test_what_is_left(self):
        for left in (2, 1, 0):
            response = self.get("/limits/three")
            self.assertEqual(response.status_code, 200)
            self.assertEqual(
                response.headers["RateLimit-Policy"], '"route-caller-hour";q=3;w=3600'
            )
            self.assertRegex(
                response.headers["RateLimit"],
                rf'^"route-caller-hour";r={left};t=(3600|359\d)$',
            )
            self.assertNotIn("Retry-After", response.headers)

    def test_a_refused_request(self):
        self.statuses(3, "/three")
        response = self.get("/limits/three")
        self.assertEqual(response.status_code, 429)
        seconds = response.headers["Retry-After"]
        self.assertRegex(seconds, r"^(3600|359\d)$")
        self.assertEqual(
            response.json(),
            {
                "detail": "Only 3 requests per hour are allowed here. "
                f"Try again in {seconds} seconds."
            },
        )
        self.assertEqual(
            response.headers["RateLimit"], f'"route-caller-hour";r=0;t={seconds}'
        )
        self.assertEqual(
            response.headers["RateLimit-Policy"], '"route-caller-hour";q=3;w=3600'
        )

    def test_a_route_without_rates(self):
        response = self.get("/limits/free")
        self.assertEqual(response.status_code, 200)
        self.assertNotIn("RateLimit", response.headers)
        self.assertNotIn("RateLimit-Policy", response.headers)

    def test_several_rates(self):
        response = self.get("/limits/two-rates")
        self.assertEqual(
            response.headers["RateLimit-Policy"],
            '"route-caller-hour";q=2;w=3600, "route-caller-day";q=100;w=86400',
        )
        self.assertRegex(
            response.headers["RateLimit"],
            r'^"route-caller-hour";r=1;t=\d+, "route-caller-day";r=99;t=\d+$',
        )

    def test_a_response_that_the_handler_makes(self):
        response = self.get("/limits/plain")
        self.assertEqual(response.headers["X-Own"], "1")
        self.assertIn("r=4", response.headers["RateLimit"])

    @mute_logger("odoo.http")
    def test_error_responses(self):
        for path, status in (("/missing", 404), ("/fails", 500), ("/items/x", 422)):
            response = self.get(f"/limits{path}")
            self.assertEqual(response.status_code, status)
            self.assertIn("RateLimit", response.headers)

    def test_pages_of_other_sites(self):
        """Their scripts may read the headers, if they may read the response."""
        for path, expected in (
            ("/three", None),
            ("/cross", "X-Own, RateLimit, RateLimit-Policy, Retry-After"),
        ):
            response = self.get(f"/limits{path}")
            self.assertEqual(
                response.headers.get("Access-Control-Expose-Headers"), expected
            )

    def test_a_method_that_is_not_counted(self):
        self.assertEqual(self.statuses(3, "/methods", "OPTIONS"), [200] * 3)
        self.assertEqual(self.statuses(2, "/methods"), [200, 429])
        self.assertEqual(self.statuses(1, "/methods", "OPTIONS"), [200])

    def test_head(self):
        """A handler that takes HEAD does the work of a GET."""
        self.assertEqual(self.statuses(2, "/methods", "HEAD"), [200, 429])
        self.assertEqual(self.statuses(1, "/methods"), [429])

    def test_a_replayed_request_counts_once(self):
        response = self.get("/limits/replayed")
        self.assertEqual(response.json(), 3)
        self.assertIn("r=4", response.headers["RateLimit"])

    def test_documentation(self):
        self.limits.docs_access = "public"
        paths = self.get("/limits/openapi.json").json()["paths"]
        for path in ("/three", "/by-address", "/one/x"):
            responses = paths[path]["get"]["responses"]
            self.assertEqual(
                responses["429"], {"$ref": "#/components/responses/TooManyRequests"}
            )
        self.assertNotIn("429", paths["/free"]["get"]["responses"])
        self.limits.rate_by_address = "1000/minute"
        paths = self.get("/limits/openapi.json").json()["paths"]
        self.assertIn("429", paths["/free"]["get"]["responses"])


@tagged("post_install", "-at_install")
class TestCounted(LimitsHttpCase):
    def test_each_route_counts_for_itself(self):
        self.assertEqual(self.statuses(4, "/three"), [200, 200, 200, 429])
        self.assertEqual(self.statuses(4, "/three", "POST"), [200, 200, 200, 429])

    def test_values_of_a_path_count_together(self):
        self.assertEqual(self.statuses(1, "/items/1"), [200])
        self.assertEqual(self.statuses(1, "/items/2"), [200])
        self.assertEqual(self.statuses(1, "/items/3"), [429])

    def test_a_router_that_is_included_twice(self):
        for path in ("/one/x", "/one/y", "/two/x", "/mounted/x", "/mounted/y"):
            with self.subTest(path):
                self.assertEqual(self.statuses(3, path), [200, 200, 429])

    def test_an_app_that_is_mounted_with_a_parameter(self):
        """A client has no more requests if it changes the parameter."""
        paths = [f"/tenants/{number}/x" for number in range(3)]
        statuses = [self.statuses(1, path) for path in paths]
        self.assertEqual(statuses, [[200], [200], [429]])

    def test_limits_of_one_name(self):
        self.assertEqual(self.statuses(1, "/shared/a"), [200])
        self.assertEqual(self.statuses(2, "/shared/b"), [200, 429])
        self.assertEqual(self.statuses(1, "/shared/a"), [429])
        response = self.get("/limits/shared/a")
        self.assertIn('"shared-caller-hour"', response.headers["RateLimit"])

    def test_endpoints_count_separately(self):
        self._create_endpoint("/other", app="test_limits")
        self.assertEqual(self.statuses(3, "/shared/a"), [200, 200, 429])
        self.assertEqual(self.get("/other/shared/a").status_code, 200)

    def test_callers(self):
        other = new_test_user(self.env, "other@test", password="other's secret")
        for auth in (self.caller_auth, (other.login, "other's secret"), None):
            with self.subTest(auth):
                self.assertEqual(
                    self.statuses(4, "/three", auth=auth), [200, 200, 200, 429]
                )
        # all keys of a user count together
        for _ in range(2):
            self.assertEqual(
                self.statuses(1, "/three", headers=self.generate_key()), [429]
            )

    def test_keys(self):
        for _ in range(2):
            headers = self.generate_key()
            self.assertEqual(
                self.statuses(3, "/by-key", headers=headers), [200, 200, 429]
            )
        # a caller without a key
        self.assertEqual(
            self.statuses(3, "/by-key", auth=self.caller_auth), [200, 200, 429]
        )

    def test_networks_of_ipv6(self):
        def statuses(address):
            headers = {
                "X-Forwarded-Host": "api.example.com",
                "X-Forwarded-For": address,
            }
            return self.statuses(1, "/three", headers=headers)

        with patch.dict(config.options, {"proxy_mode": True}):
            for number in range(3):
                self.assertEqual(statuses(f"2001:db8::{number}"), [200])
            self.assertEqual(statuses("2001:db8::ffff"), [429])
            self.assertEqual(statuses("2001:db8:0:1::"), [200])
        # without proxy_mode, the header is not trusted
        for number in range(3):
            self.assertEqual(statuses(f"192.0.2.{number}"), [200])
        self.assertEqual(statuses("192.0.2.9"), [429])

    def test_an_override_of_whom_it_counts(self):
        endpoints = type(self.env["fastapi.endpoint"])
        with patch.object(endpoints, "_get_rate_subject", lambda *_args: "all"):
            self.assertEqual(
                self.statuses(2, "/three")
                + self.statuses(2, "/three", auth=self.caller_auth),
                [200, 200, 200, 429],
            )


@tagged("post_install", "-at_install")
class TestEndpoint(LimitsHttpCase):
    def test_rates_of_the_form(self):
        self.limits.write(
            {"rate_by_caller": "3/hour; 5/day", "rate_by_address": "4/hour"}
        )
        response = self.get("/limits/free", auth=self.caller_auth)
        self.assertEqual(
            response.headers["RateLimit-Policy"],
            '"address-hour";q=4;w=3600, "caller-hour";q=3;w=3600, '
            '"caller-day";q=5;w=86400',
        )
        # all routes count together
        self.assertEqual(self.statuses(1, "/one/x", auth=self.caller_auth), [200])
        self.assertEqual(self.statuses(1, "/one/y", auth=self.caller_auth), [200])
        self.assertEqual(self.statuses(1, "/free", auth=self.caller_auth), [429])

    def make_anonymous(self):
        """Leave the endpoint no way to authenticate, and two kinds of rates."""
        self.limits.write(
            {
                "auth_basic": False,
                "auth_api_key": False,
                "rate_by_address": "3/hour",
                "rate_by_caller": "2/minute",
            }
        )

    def test_an_endpoint_without_authentication(self):
        """Addresses and callers are counted together."""
        self.make_anonymous()
        with patch.object(
            CursorCounter, "_hit", autospec=True, side_effect=CursorCounter._hit
        ) as hit:
            responses = [self.get("/limits/free") for _turn in range(3)]
        self.assertEqual([r.status_code for r in responses], [200, 200, 429])
        self.assertEqual(hit.call_count, 3)
        self.assertEqual(
            responses[0].headers["RateLimit-Policy"],
            '"caller-minute";q=2;w=60, "address-hour";q=3;w=3600',
        )
        # a refused request is not counted
        self.assertIn('"address-hour";r=1', responses[2].headers["RateLimit"])
        # the limits of a route are its own
        self.limits.write({"rate_by_caller": "", "rate_by_address": "5/hour"})
        self.assertEqual(self.statuses(4, "/three"), [200] * 3 + [429])

    def test_an_addon_that_identifies_callers_later(self):
        """It changes the app when this addon has decided how to count."""
        endpoints = self.registry["fastapi.endpoint"]
        get_app = endpoints._get_app

        def get_app_of_other_addon(endpoint):
            app = get_app(endpoint)
            overrides = app.dependency_overrides
            overrides[optionally_authenticated_partner_impl] = find_partner
            return app

        def find_partner(x_partner: Annotated[int | None, Header()] = None):
            return x_partner and odoo_env_ctx.get()["res.partner"].browse(x_partner)

        self.patch(endpoints, "_get_app", get_app_of_other_addon)
        self.make_anonymous()
        self.limits.rate_by_address = ""
        for partner in (self.caller.partner_id, self.env.user.partner_id):
            headers = {"X-Partner": str(partner.id)}
            self.assertEqual(
                self.statuses(3, "/free", headers=headers), [200, 200, 429]
            )

    def test_a_change_is_live_at_once(self):
        self.assertEqual(self.statuses(3, "/free"), [200] * 3)
        self.limits.rate_by_caller = "1/hour"
        self.assertEqual(self.statuses(2, "/free"), [200, 429])
        self.limits.rate_by_caller = "2/hour"  # counts from the beginning
        self.assertEqual(self.statuses(3, "/free"), [200, 200, 429])
        self.limits.rate_by_caller = " "
        self.assertEqual(self.statuses(3, "/free"), [200] * 3)

    def test_keys_and_anonymous_clients(self):
        self.limits.rate_by_key = "2/hour"
        first, second = self.generate_key(), self.generate_key()
        for headers in (first, second, {}):
            self.assertEqual(
                self.statuses(3, "/free", headers=headers), [200, 200, 429]
            )

    def test_paths_without_a_route(self):
        self.limits.rate_by_address = "1/hour"
        self.assertEqual(self.statuses(3, "/nothing"), [404] * 3)
        self.assertEqual(self.statuses(2, "/free"), [200, 429])

    def test_an_existing_app(self):
        self._create_endpoint(
            "/existing", app="test_limits_existing", rate_by_caller="3/hour"
        )
        responses = [self.get(f"/existing/{path}") for path in ("x", "own", "x", "own")]
        self.assertEqual(
            [response.status_code for response in responses], [200, 200, 200, 429]
        )
        self.assertIn('"caller-hour";r=2', responses[0].headers["RateLimit"])

    def test_values_of_new_endpoints(self):
        endpoint = self._create_endpoint("/new", app="test_limits")
        self.assertEqual(endpoint.rate_by_address, "1000/minute")
        self.assertFalse(endpoint.rate_by_caller)


@tagged("post_install", "-at_install")
class TestRefusals(LimitsHttpCase):
    def refusals(self):
        return self.env["fastapi.rate.refusal"].search(
            [("endpoint_id", "=", self.limits.id)]
        )

    def test_who_is_refused(self):
        self.statuses(5, "/three", auth=self.caller_auth)
        self.statuses(3, "/by-key", headers=self.generate_key())
        self.statuses(5, "/three")
        self.statuses(3, "/by-address", auth=self.caller_auth)
        self.assertEqual(
            {
                (refusal.subject, refusal.place, refusal.rate, refusal.counted_by)
                for refusal in self.refusals()
            },
            {
                (self.caller.name, "GET /three", "3/hour", "caller"),
                ("Made in a test", "GET /by-key", "2/hour", "key"),
                ("A client without credentials", "GET /three", "3/hour", "caller"),
                ("An address", "GET /by-address", "2/hour", "address"),
            },
        )
        self.assertEqual(self.limits.rate_refusal_count, 4)
        self.assertTrue(all(self.refusals().mapped("is_refused")))

    def test_an_override(self):
        seen = []

        def exceeded(endpoint, rate, key, place, caller, seconds):
            seen.append((endpoint.id, str(rate), place, caller and caller.user_id))

        endpoints = type(self.env["fastapi.endpoint"])
        with patch.object(endpoints, "_rate_exceeded", exceeded):
            self.statuses(4, "/three", auth=self.caller_auth)
        self.assertEqual(
            seen, [(self.limits.id, "3/hour", "GET /three", self.caller.id)]
        )
        self.assertFalse(self.refusals())

    def test_reset(self):
        self.statuses(5, "/three", auth=self.caller_auth)
        refusal = self.refusals()
        self.assertEqual(len(refusal), 1)
        manager = new_test_user(
            self.env, "manager@test", groups="fastapi.group_fastapi_manager"
        )
        refusal.with_user(manager).action_reset()
        self.assertFalse(refusal.exists())
        self.assertEqual(
            self.statuses(4, "/three", auth=self.caller_auth), [200, 200, 200, 429]
        )
        self.assertEqual(len(self.refusals()), 1)
