# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Changes of an app in use, and what its documentation shows."""

import json
import threading
from typing import Annotated
from unittest.mock import patch

from fastapi import Depends, FastAPI, Query, Security
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader, HTTPBasic, SecurityScopes

from ...app.prepare import EndpointFastAPI
from ..bridge_case import TIMEOUT, BridgeCase
from .routes_case import OverridesCase, branch, identity, leaf, make_router


class TestLiveChanges(OverridesCase):
    """``dependency_overrides`` of an app that is in use."""

    def test_override_set_later(self):
        app = self.make_app()
        self.assertEqual(self.get(app, "/trunk"), "trunk of branch of leaf")
        app.dependency_overrides[leaf] = lambda: "fake"
        self.assertEqual(self.get(app, "/trunk"), "trunk of branch of fake")

    def test_override_replaced_later(self):
        app = self.make_app({leaf: lambda: "first"})
        self.assertEqual(self.get(app, "/leaf"), "first")
        app.dependency_overrides[leaf] = lambda: "second"
        self.assertEqual(self.get(app, "/leaf"), "second")

    def test_override_removed_later(self):
        app = self.make_app({leaf: lambda: "fake"})
        self.assertEqual(self.get(app, "/leaf"), "fake")
        del app.dependency_overrides[leaf]
        self.assertEqual(self.get(app, "/leaf"), "leaf")

    def test_all_overrides_cleared(self):
        app = self.make_app({leaf: lambda: "fake"})
        self.assertEqual(self.get(app, "/leaf"), "fake")
        app.dependency_overrides.clear()
        self.assertEqual(self.get(app, "/leaf"), "leaf")

    def test_dictionary_replaced_as_a_whole(self):
        app = self.make_app({leaf: lambda: "fake"})
        self.assertEqual(self.get(app, "/leaf"), "fake")
        app.dependency_overrides = {branch: lambda: "fake branch"}
        self.assertEqual(self.get(app, "/leaf"), "leaf")
        self.assertEqual(self.get(app, "/trunk"), "trunk of fake branch")
        app.dependency_overrides = {}
        self.assertEqual(self.get(app, "/trunk"), "trunk of branch of leaf")

    def test_dictionary_put_back(self):
        # as test cases do: remember, replace, put back
        app = self.make_app({leaf: lambda: "own"})
        self.assertEqual(self.get(app, "/leaf"), "own")
        own = app.dependency_overrides
        app.dependency_overrides = {**own, leaf: lambda: "of the test"}
        self.assertEqual(self.get(app, "/leaf"), "of the test")
        app.dependency_overrides = own
        self.assertEqual(self.get(app, "/leaf"), "own")

    def test_new_dictionary_is_changed_later(self):
        app = self.make_app()
        app.dependency_overrides = {leaf: lambda: "first"}
        self.assertEqual(self.get(app, "/leaf"), "first")
        app.dependency_overrides[leaf] = lambda: "second"
        self.assertEqual(self.get(app, "/leaf"), "second")

    def test_dictionary_can_still_be_read(self):
        def fake():
            return "fake"

        app = self.make_app({leaf: fake})
        self.get(app, "/leaf")
        self.assertEqual(app.dependency_overrides, {leaf: fake})
        self.assertTrue(app.dependency_overrides)

    def test_changes_during_requests_of_other_threads(self):
        app = self.make_app({leaf: lambda: "old"})
        self.get(app, "/trunk")
        values = {"trunk of branch of old", "trunk of branch of new"}
        start = threading.Barrier(5)
        done = threading.Event()

        def request():
            start.wait(TIMEOUT)
            seen = set()
            while True:
                last = done.is_set()
                seen.add(self.get(app, "/trunk"))
                if last:
                    return seen

        def change():
            start.wait(TIMEOUT)
            for number in range(200):
                app.dependency_overrides[leaf] = (
                    (lambda: "new") if number % 2 else (lambda: "old")
                )
            done.set()
            return set()

        for seen in self.in_threads([request] * 4 + [change]):
            self.assertLessEqual(seen, values)
        self.assertEqual(self.get(app, "/trunk"), "trunk of branch of new")

    def test_changes_while_the_app_is_prepared(self):
        app = self.make_app({leaf: lambda: "old"})

        @app.get("/own")
        def own(value: Annotated[str, Depends(leaf)]) -> str:
            return value

        def change(routes):
            app.dependency_overrides[leaf] = lambda: "new"

        self.assertEqual(self.get(app, "/leaf"), "old")
        app.dependency_overrides[leaf] = lambda: "between"
        with patch("odoo.addons.fastapi.app.prepare.replace_docs", change):
            self.get(app, "/leaf")
        self.assertEqual(self.get(app, "/leaf"), "new")
        self.assertEqual(self.get(app, "/own"), "new")

    def test_route_added_to_the_app_later(self):
        app = self.make_app({leaf: lambda: "fake"})
        self.assertEqual(self.get(app, "/leaf"), "fake")

        @app.get("/late")
        def late(value: Annotated[str, Depends(branch)]) -> str:
            return value

        self.assertEqual(self.get(app, "/late"), "branch of fake")
        self.assertEqual(self.get(app, "/leaf"), "fake")

    def test_route_added_to_the_router_later(self):
        router = make_router()
        app = self.make_app({leaf: lambda: "fake"}, router)
        self.assertEqual(self.get(app, "/leaf"), "fake")

        @router.get("/late")
        def late(value: Annotated[str, Depends(branch)]) -> str:
            return value

        self.assertEqual(self.get(app, "/late"), "branch of fake")
        self.assertEqual(self.get(app, "/trunk"), "trunk of branch of fake")
        app.dependency_overrides[leaf] = lambda: "changed"
        self.assertEqual(self.get(app, "/late"), "branch of changed")
        self.assertEqual(self.get(app, "/leaf"), "changed")
        app.dependency_overrides.clear()
        self.assertEqual(self.get(app, "/late"), "branch of leaf")
        self.assertEqual(self.get(app, "/leaf"), "leaf")

    def test_route_replaced_by_an_equal_one(self):
        """Routes are equal to Starlette if path, endpoint and methods are."""
        app = EndpointFastAPI()

        @app.get("/late")
        def late() -> str:
            return "late"

        self.assertEqual(self.get(app, "/late"), "late")
        new = APIRoute("/late", late, dependencies=[Depends(identity)])
        self.assertEqual(app.router.routes[-1], new)
        app.router.routes[-1] = new
        self.assertEqual(self.call(app, "/late").code, 422)


class TestDocumentation(OverridesCase):
    """OpenAPI shows the overrides."""

    def _operation(self, app, path):
        schema = self.get(app, "/openapi.json")
        return schema["paths"][path]["get"], schema.get("components", {})

    def _parameters(self, app, path):
        operation, _components = self._operation(app, path)
        return [item["name"] for item in operation.get("parameters", [])]

    def _fake(self):
        def fake(key: Annotated[str, Query(description="Of the override.")]):
            return key

        return fake

    def test_without_override(self):
        self.assertEqual(self._parameters(self.make_app(), "/identity"), ["token"])

    def test_parameters_of_the_override(self):
        app = self.make_app({identity: self._fake()})
        self.assertEqual(self._parameters(app, "/identity"), ["key"])

    def test_parameters_of_a_deeper_override(self):
        app = self.make_app({leaf: self._fake()})
        self.assertEqual(self._parameters(app, "/trunk"), ["key"])
        self.assertEqual(self._parameters(app, "/identity"), ["token"])

    def test_override_without_parameters(self):
        app = self.make_app({identity: lambda: "fake"})
        self.assertEqual(self._parameters(app, "/identity"), [])

    def test_security_scheme_of_the_override(self):
        basic, api_key = HTTPBasic(), APIKeyHeader(name="api-key")

        def partner(credentials: Annotated[str, Depends(basic)]):
            raise AssertionError("not reached")

        def fake(key: Annotated[str, Depends(api_key)]):
            return key

        app = EndpointFastAPI()

        @app.get("/partner")
        def handler(value: Annotated[str, Depends(partner)]) -> str:
            return value

        app.dependency_overrides[partner] = fake
        operation, components = self._operation(app, "/partner")
        self.assertEqual(operation["security"], [{"APIKeyHeader": []}])
        self.assertEqual(list(components["securitySchemes"]), ["APIKeyHeader"])

    def test_security_scheme_of_an_override_with_scheme_of_a_plain_dependency(self):
        app = self.make_app()
        _operation, components = self._operation(app, "/leaf")
        self.assertNotIn("securitySchemes", components)

        def fake(credentials: Annotated[str, Depends(HTTPBasic())]):
            return "fake"

        app = self.make_app({leaf: fake})
        operation, components = self._operation(app, "/trunk")
        self.assertEqual(operation["security"], [{"HTTPBasic": []}])
        self.assertIn("HTTPBasic", components["securitySchemes"])

    def test_apps_that_share_a_router(self):
        router = make_router()
        one = self.make_app({identity: self._fake()}, router)
        two = self.make_app(router=router)
        self.assertEqual(self._parameters(one, "/identity"), ["key"])
        self.assertEqual(self._parameters(two, "/identity"), ["token"])

    def test_override_set_before_the_documentation_was_asked_for(self):
        app = self.make_app()
        self.get(app, "/leaf")
        app.dependency_overrides[identity] = self._fake()
        self.assertEqual(self._parameters(app, "/identity"), ["key"])

    def test_override_set_after_the_documentation_was_asked_for(self):
        app = self.make_app()
        self.assertEqual(self._parameters(app, "/identity"), ["token"])
        app.dependency_overrides[identity] = self._fake()
        self.assertEqual(self._parameters(app, "/identity"), ["key"])
        app.dependency_overrides = {}
        self.assertEqual(self._parameters(app, "/identity"), ["token"])

    def test_openapi_method(self):
        app = self.make_app({identity: self._fake()})
        parameters = app.openapi()["paths"]["/identity"]["get"]["parameters"]
        self.assertEqual([item["name"] for item in parameters], ["key"])

    def test_docs_page(self):
        app = self.make_app({identity: self._fake()})
        result = self.call(app, "/docs")
        self.assertEqual(result.code, 200)


class TestRepetition(BridgeCase):
    """A dependency of several others is solved once."""

    def _app(self):
        calls = []

        def number(value: Annotated[int, Query()]) -> int:
            calls.append("number")
            return value

        async def double(value: Annotated[int, Depends(number)]) -> int:
            calls.append("double")
            return 2 * value

        def triple(
            value: Annotated[int, Depends(number)],
            doubled: Annotated[int, Depends(double)],
        ) -> int:
            calls.append("triple")
            return value + doubled

        app = EndpointFastAPI()

        @app.get("/")
        def handler(
            tripled: Annotated[int, Depends(triple)],
            doubled: Annotated[int, Depends(double)],
            value: Annotated[int, Depends(number)],
        ) -> list[int]:
            return [value, doubled, tripled]

        return app, calls

    def test_each_is_called_once(self):
        app, calls = self._app()
        self.assertEqual(json.loads(self.call(app, query="value=7").body), [7, 14, 21])
        self.assertEqual(calls, ["number", "double", "triple"])

    def test_wrong_value_of_a_repeated_dependency(self):
        app, calls = self._app()
        for query in ("value=x", ""):
            result = self.call(app, query=query)
            self.assertEqual(result.status[:3], "422")
            locations = {
                tuple(error["loc"]) for error in json.loads(result.body)["detail"]
            }
            self.assertEqual(locations, {("query", "value")})
        self.assertEqual(calls, [])

    def test_dependency_without_cache_is_called_each_time(self):
        calls = []

        def number() -> int:
            calls.append("number")
            return len(calls)

        app = EndpointFastAPI()

        @app.get("/")
        def handler(
            first: Annotated[int, Depends(number, use_cache=False)],
            second: Annotated[int, Depends(number, use_cache=False)],
        ) -> list[int]:
            return [first, second]

        self.assertEqual(json.loads(self.call(app).body), [1, 2])

    def test_security_scopes(self):
        calls = []
        scheme = APIKeyHeader(name="token")

        def user(token: Annotated[str, Depends(scheme)]) -> str:
            calls.append("user")
            return token

        def tenant(user: Annotated[str, Depends(user)]) -> str:
            calls.append("tenant")
            return f"tenant of {user}"

        def rights(scopes: SecurityScopes) -> list[str]:
            calls.append("rights")
            return scopes.scopes

        def admin(
            user: Annotated[str, Depends(user)],
            tenant: Annotated[str, Depends(tenant)],
            rights: Annotated[list, Depends(rights)],
        ) -> list:
            return [user, tenant, *rights]

        def fill(app):
            @app.get("/", dependencies=[Security(admin, scopes=["read"])])
            def handler(
                plain: Annotated[str, Depends(tenant)],
                writer: Annotated[list, Security(admin, scopes=["write"])],
                reader: Annotated[list, Security(admin, scopes=["read"])],
                rights: Annotated[list, Depends(rights)],
            ) -> list:
                return [plain, writer, reader, rights]

            return app

        results = []
        for app_class in (FastAPI, EndpointFastAPI):
            calls.clear()
            result = self.call(fill(app_class()), HTTP_TOKEN="ann")
            results.append((result.status, result.body, list(calls)))
        self.assertEqual(results[1], results[0])
        self.assertEqual(
            json.loads(result.body),
            [
                "tenant of ann",
                ["ann", "tenant of ann", "write"],
                ["ann", "tenant of ann", "read"],
                [],
            ],
        )

    def test_documentation_is_whole(self):
        app, _calls = self._app()
        self.call(app, query="value=7")
        (parameter,) = app.openapi()["paths"]["/"]["get"]["parameters"]
        self.assertEqual(parameter["name"], "value")
