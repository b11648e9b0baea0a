# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Overrides behave as in FastAPI."""

from typing import Annotated

from fastapi import Depends, FastAPI, Security
from fastapi.security import SecurityScopes

from ...app.routes import AppRoutes
from .routes_case import OverridesCase, branch, leaf


class TestAsFastApiHasIt(OverridesCase):
    """Scopes, cache and teardown are as in FastAPI."""

    def _both(self, app_factory):
        """Return an app, and a prepared app with the same overrides."""
        plain, built = app_factory(), app_factory()
        AppRoutes(built).adopt(built.dependency_overrides)
        return plain, built

    def _assert_same(self, app_factory, path, expected):
        for kind, app in zip(("plain", "built"), self._both(app_factory), strict=True):
            with self.subTest(kind):
                self.assertEqual(self.get(app, path), expected)

    def test_security_scopes(self):
        def user(scopes: SecurityScopes):
            raise AssertionError("not reached")

        def fake(scopes: SecurityScopes):
            return scopes.scopes

        def app_factory():
            app = FastAPI()

            @app.get("/")
            def handler(
                scopes: Annotated[list, Security(user, scopes=["read", "write"])],
            ) -> list[str]:
                return scopes

            app.dependency_overrides[user] = fake
            return app

        self._assert_same(app_factory, "/", ["read", "write"])

    def test_security_scopes_of_a_deeper_override(self):
        def user(scopes: SecurityScopes):
            raise AssertionError("not reached")

        def active(user: Annotated[list, Security(user, scopes=["active"])]):
            return user

        def rights(scopes: SecurityScopes):
            return scopes.scopes

        def fake(rights: Annotated[list, Security(rights, scopes=["fake"])]):
            return rights

        def app_factory():
            app = FastAPI()

            @app.get("/")
            def handler(
                scopes: Annotated[list, Security(active, scopes=["items"])],
            ) -> list[str]:
                return scopes

            app.dependency_overrides[user] = fake
            return app

        self._assert_same(app_factory, "/", ["items", "active", "fake"])

    def test_scopes_below_an_override(self):
        def rights(scopes: SecurityScopes):
            return scopes.scopes

        def user():
            raise AssertionError("not reached")

        def fake(rights: Annotated[list, Depends(rights)]):
            return rights

        def app_factory():
            app = FastAPI()

            @app.get("/")
            def handler(
                scopes: Annotated[list, Security(user, scopes=["a", "b"])],
            ) -> list[str]:
                return scopes

            app.dependency_overrides[user] = fake
            return app

        self._assert_same(app_factory, "/", ["a", "b"])

    def test_override_is_called_once_in_a_request(self):
        called = []

        def fake():
            called.append("fake")
            return "fake"

        def app_factory():
            app = FastAPI()

            @app.get("/")
            def handler(
                one: Annotated[str, Depends(leaf)],
                two: Annotated[str, Depends(leaf)],
                three: Annotated[str, Depends(branch)],
            ) -> int:
                return len(called)

            app.dependency_overrides[leaf] = fake
            return app

        for app in self._both(app_factory):
            called.clear()
            self.assertEqual(self.get(app, "/"), 1)
            self.assertEqual(self.get(app, "/"), 2)

    def test_override_without_cache(self):
        called = []

        def fake():
            called.append("fake")
            return "fake"

        def app_factory():
            app = FastAPI()

            @app.get("/")
            def handler(
                one: Annotated[str, Depends(leaf, use_cache=False)],
                two: Annotated[str, Depends(leaf, use_cache=False)],
            ) -> int:
                return len(called)

            app.dependency_overrides[leaf] = fake
            return app

        for app in self._both(app_factory):
            called.clear()
            self.assertEqual(self.get(app, "/"), 2)

    def test_override_with_teardown(self):
        events = []

        def fake():
            events.append("setup")
            yield "fake"
            events.append("teardown")

        async def fake_async():
            events.append("setup")
            yield "fake"
            events.append("teardown")

        def app_factory(override):
            app = FastAPI()

            @app.get("/")
            def handler(value: Annotated[str, Depends(leaf)]) -> str:
                events.append(value)
                return value

            app.dependency_overrides[leaf] = override
            return app

        for override in (fake, fake_async):
            for app in self._both(lambda override=override: app_factory(override)):
                with self.subTest(override.__name__):
                    events.clear()
                    self.assertEqual(self.get(app, "/"), "fake")
                    self.assertEqual(events, ["setup", "fake", "teardown"])

    def test_scope_of_an_override_with_teardown(self):
        events = []

        def fake():
            yield "fake"
            events.append("teardown")

        class WatchMiddleware:
            def __init__(self, app):
                self.app = app

            async def __call__(self, scope, receive, send):
                async def watch(message):
                    events.append(message["type"])
                    await send(message)

                await self.app(scope, receive, watch)

        def app_factory(scope):
            app = FastAPI()
            app.add_middleware(WatchMiddleware)

            @app.get("/")
            def handler(value: Annotated[str, Depends(leaf, scope=scope)]) -> str:
                return value

            app.dependency_overrides[leaf] = fake
            return app

        sent = ["http.response.start", "http.response.body"]
        for scope, expected in (
            ("function", ["teardown", *sent]),
            ("request", [*sent, "teardown"]),
        ):
            for app in self._both(lambda scope=scope: app_factory(scope)):
                with self.subTest(scope):
                    events.clear()
                    self.get(app, "/")
                    self.assertEqual(events, expected)

    def test_teardown_of_an_override_that_replaces_a_plain_dependency_fails(self):
        error = ValueError("cause")

        def fake():
            yield "fake"
            raise error

        def app_factory():
            return self.make_app({leaf: fake}, app_class=FastAPI)

        for app in self._both(app_factory):
            self.assertIs(self.call(app, "/trunk").exception, error)

    def test_plain_override_of_a_dependency_with_teardown(self):
        def resource():
            yield "resource"

        def app_factory():
            app = FastAPI()

            @app.get("/")
            def handler(value: Annotated[str, Depends(resource)]) -> str:
                return value

            app.dependency_overrides[resource] = lambda: "fake"
            return app

        self._assert_same(app_factory, "/", "fake")
