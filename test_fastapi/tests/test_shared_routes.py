# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Endpoints that share the routes of their apps."""

from fastapi.routing import iter_route_contexts

from odoo.addons.fastapi.app.lazy_routes import LazyRoute

from .auth_case import AuthCase

DEFAULTS = {
    "app": "test_auth",
    "auth_api_key": True,
    "accept_unscoped_keys": True,
    "run_as": "user",
}


class TestSharedRoutes(AuthCase):
    def get_routes(self, endpoint):
        """Return the routes of an endpoint's app that are built on first use."""
        app = endpoint._get_built_app()
        routes = [c._effective_route for c in iter_route_contexts(app.routes)]
        return {route.path: route for route in routes if isinstance(route, LazyRoute)}

    def count_apps(self, *endpoints):
        """Return how many of the apps do not share their routes."""
        return len({id(self.get_routes(each)["/auth/env"]) for each in endpoints})

    def create_endpoint(self, number, **vals):
        return self._create_endpoint(f"/shared{number}", **{**DEFAULTS, **vals})

    def ask(self, endpoint, path):
        response = self.get_by_key(f"{endpoint.root_path}{path}")
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()

    def test_first_request_builds_one_route(self):
        endpoint = self.create_endpoint(1, api_key_header="X-First")
        self.assertEqual(self.get("/shared1/auth/open").json(), "open")
        self.assertEqual(self.get("/shared1/auth/unknown").status_code, 404)
        built = {
            path
            for path, route in self.get_routes(endpoint).items()
            if "dependant" in vars(route)
        }
        self.assertEqual(built, {"/auth/open"})

    def test_what_differs_between_apps_that_share(self):
        company = self.env["res.company"].create({"name": "Another company"})
        self.runner.company_ids += company
        other_user = self.runner.copy({"login": "other_runner@test"})
        plain = self.create_endpoint(1, name="One")
        endpoints = (
            plain,
            self.create_endpoint(2, name="Two", company_id=company.id),
            self.create_endpoint(3, name="Three", user_id=other_user.id),
            self.create_endpoint(4, name="Four", allow_portal_users=True),
        )
        self.assertEqual(self.count_apps(*endpoints), 1)
        for endpoint in endpoints:
            found = self.ask(endpoint, "/auth/endpoint")
            expected = {"name": endpoint.name, "uid": endpoint.user_id.id}
            self.assertEqual(found, expected)
            found = self.ask(endpoint, "/auth/env")
            self.assertEqual(found["company"], endpoint.company_id.id)
            document = endpoint._get_openapi()
            self.assertEqual(document["info"]["title"], endpoint.name)
            self.assertEqual(document["paths"], plain._get_openapi()["paths"])
        # the new app has other values
        plain.company_id = company
        plain.name = "New"
        self.assertEqual(self.ask(plain, "/auth/env")["company"], company.id)
        self.assertEqual(self.ask(plain, "/auth/endpoint")["name"], "New")
        self.assertEqual(self.count_apps(*endpoints), 1)

    def test_who_may_call_apps_that_share(self):
        internal = self.create_endpoint(1)
        portal = self.create_endpoint(2, allow_portal_users=True)
        self.assertEqual(self.count_apps(internal, portal), 1)
        keys = [
            self.env["fastapi.endpoint.key"]._generate(
                endpoint=endpoint, user=self.user, name="key"
            )[1]
            for endpoint in (internal, portal)
        ]
        for path in ("/auth/caller", "/auth/caller/optional"):
            statuses = [
                self.get_by_key(f"/shared{number}{path}", key).status_code
                for number in (1, 2)
                for key in keys
            ]
            self.assertEqual(statuses, [200, 401, 401, 200])
        self.user.group_ids = self.env.ref("base.group_portal")
        self.assertEqual(self.get_by_key("/shared1/auth/caller").status_code, 403)
        self.assertEqual(self.ask(portal, "/auth/caller")["user_id"], self.user.id)

    def test_apps_that_run_as_the_caller(self):
        other_user = self.runner.copy({"login": "other_runner@test"})
        one, two = (
            self.create_endpoint(n, run_as="caller", name=f"{n}") for n in (1, 2)
        )
        three = self.create_endpoint(
            3, run_as="caller", name="3", user_id=other_user.id
        )
        self.assertEqual(self.count_apps(one, two), 1)
        self.assertEqual(self.count_apps(one, three), 2)
        for endpoint in (one, two, three):
            self.assertEqual(self.ask(endpoint, "/auth/env")["uid"], self.user.id)
            found = self.ask(endpoint, "/auth/endpoint")
            expected = {"name": endpoint.name, "uid": endpoint.user_id.id}
            self.assertEqual(found, expected)

    def test_different_settings(self):
        endpoints = [
            self.create_endpoint(number, **vals)
            for number, vals in enumerate(
                (
                    {},
                    {"api_key_header": "X-Key"},
                    {"api_key_header": "X-Other"},
                    {"accept_unscoped_keys": False},
                    {"auth_basic": True},
                    {"auth_api_key": False, "auth_basic": True},
                    {"auth_api_key": False},
                    {"run_as": "caller"},
                    {"run_as": "caller", "allow_portal_users": True},
                )
            )
        ]
        self.assertEqual(self.count_apps(*endpoints), len(endpoints))
        self.assertEqual(
            self.get("/shared1/auth/caller", headers={"X-Key": self.key}).status_code,
            200,
        )
        for path in ("/shared0", "/shared2", "/shared3"):
            response = self.get(f"{path}/auth/caller", headers={"X-Key": self.key})
            self.assertEqual(response.status_code, 401)

    def test_overrides_that_change_at_run_time(self):
        one, two = self.create_endpoint(1), self.create_endpoint(2)
        app = one._get_built_app()
        routes = self.get_routes(one)
        app.dependency_overrides.clear()
        with self.assertLogs("odoo.http", "ERROR"):
            response = self.get_by_key("/shared1/auth/caller")
        self.assertEqual(response.status_code, 500)
        self.assertEqual(self.ask(two, "/auth/caller")["user_id"], self.user.id)
        self.assertEqual(self.count_apps(one, two), 2)
        self.assertIs(self.get_routes(two)["/auth/env"], routes["/auth/env"])
