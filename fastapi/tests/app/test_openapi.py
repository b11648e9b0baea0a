# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import shlex
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI
from fastapi.security import (
    APIKeyCookie,
    APIKeyHeader,
    APIKeyQuery,
    HTTPBasic,
    HTTPBearer,
    OAuth2PasswordBearer,
)
from fastapi.sse import EventSourceResponse

from odoo.tests import BaseCase

from ...app.openapi import curl_command, first_simple_get, iter_operations


def nothing():
    """A handler that is never called."""


def make_app():
    app = FastAPI()

    @app.get("/items/{item_id}", tags=["the items", "more"], operation_id="one item")
    def get_item(item_id: int):
        """Not called."""

    @app.post("/items", deprecated=True, tags=["the items"])
    def add_item():
        """Not called."""

    @app.get("/secret")
    def secret(_user: Annotated[object, Depends(HTTPBasic())]):
        """Not called."""

    app.get("/hidden", include_in_schema=False)(nothing)
    inner = FastAPI()
    inner.get("/inside")(nothing)
    app.mount("/inner", inner)
    return app


class TestOperations(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operations = list(iter_operations(make_app().openapi()))
        cls.one, cls.add, cls.secret = cls.operations

    def test_operations_of_the_documentation(self):
        self.assertEqual(
            [(operation.method, operation.path) for operation in self.operations],
            [("GET", "/items/{item_id}"), ("POST", "/items"), ("GET", "/secret")],
        )

    def test_what_is_said_of_them(self):
        self.assertEqual(self.one.summary, "Get Item")
        self.assertEqual(self.one.tags, ("the items", "more"))
        self.assertEqual(
            [operation.deprecated for operation in self.operations],
            [False, True, False],
        )
        self.assertEqual(
            [operation.authenticated for operation in self.operations],
            [False, False, True],
        )

    def test_summary(self):
        app = FastAPI()

        @app.get("/made")
        def list_orders():
            """All orders.

            More about them.
            """

        @app.get("/given", summary="Given by the developer")
        def other_orders():
            """Not shown."""

        app.get("/bare")(nothing)
        self.assertEqual(
            [operation.summary for operation in iter_operations(app.openapi())],
            ["All orders.", "Given by the developer", nothing.__doc__],
        )

    def test_place_in_the_documentation(self):
        self.assertEqual(self.one.docs_fragment, "/the%20items/one%20item")
        self.assertEqual(self.secret.docs_fragment, "/default/secret_secret_get")

    def test_security_of_the_whole_document(self):
        document = {
            "security": [{"key": []}],
            "paths": {
                "/a": {"get": {}},
                "/b": {"get": {"security": []}},
                "/c": {"get": {"security": [{}, {"key": []}]}},
                "/d": {"parameters": [{"required": True}], "get": {}},
                "/e/{name}": {"get": {}},
            },
        }
        operations = list(iter_operations(document))
        self.assertEqual(
            [operation.authenticated for operation in operations],
            [True, False, False, True, True],
        )
        self.assertEqual(
            [operation.needs_input for operation in operations],
            [False, False, False, True, True],
        )

    def test_no_operations(self):
        self.assertEqual(list(iter_operations(FastAPI().openapi())), [])


class TestCurlCommand(BaseCase):
    def _command(self, dependency=None, path="/x"):
        app = FastAPI()
        depends = [Depends(dependency)] if dependency else []
        app.get(path, dependencies=depends)(nothing)
        document = app.openapi()
        operation = first_simple_get(document)
        return curl_command(document, operation, "https://h.example/api")

    def test_credentials(self):
        url = "https://h.example/api/x"
        bearer = ["--header", "Authorization: Bearer TOKEN", url]
        for dependency, expected in (
            (None, [url]),
            (HTTPBasic(), ["--user", "LOGIN:PASSWORD", url]),
            (HTTPBearer(), bearer),
            (OAuth2PasswordBearer(tokenUrl="token"), bearer),
            (APIKeyHeader(name="X-Key"), ["--header", "X-Key: KEY", url]),
            (APIKeyCookie(name="key"), ["--cookie", "key=KEY", url]),
            (APIKeyQuery(name="a key"), [f"{url}?a+key=KEY"]),
        ):
            with self.subTest(expected=expected):
                command = shlex.split(self._command(dependency))
                self.assertEqual(command, ["curl", *expected])

    def test_stream(self):
        """The command prints events as they come."""
        app = FastAPI()

        @app.get("/events", response_class=EventSourceResponse)
        async def stream() -> AsyncIterator[int]:
            yield 1

        document = app.openapi()
        command = curl_command(document, first_simple_get(document), "https://h")
        self.assertEqual(command, "curl --no-buffer https://h/events")

    def test_key_in_the_header_of_tokens(self):
        command = self._command(HTTPBearer(scheme_name="APIKey"))
        self.assertIn("Authorization: Bearer KEY", shlex.split(command))

    def test_credentials_that_are_given(self):
        app = FastAPI()
        app.get("/x", dependencies=[Depends(HTTPBasic())])(nothing)
        document = app.openapi()
        operation = first_simple_get(document)
        command = curl_command(document, operation, "https://h.example", "X-Key: it's")
        self.assertEqual(
            shlex.split(command),
            ["curl", "--header", "X-Key: it's", "https://h.example/x"],
        )

    def test_cookie_last(self):
        ways = [APIKeyCookie(name="session_id"), HTTPBasic(), APIKeyHeader(name="K")]
        app = FastAPI()
        app.get("/x", dependencies=list(map(Depends, ways)))(nothing)
        document = app.openapi()
        command = curl_command(document, first_simple_get(document), "https://h")
        self.assertEqual(command, "curl --user LOGIN:PASSWORD https://h/x")

    def test_quoted_for_a_shell(self):
        for path, quoted in (
            ("/it's", "/it's"),
            ("/a b", "/a%20b"),
            ("/$(date);x&y", "/$(date);x&y"),
            ("/`date`", "/%60date%60"),
        ):
            with self.subTest(path):
                command = self._command(path=path)
                url = f"https://h.example/api{quoted}"
                self.assertEqual(shlex.split(command), ["curl", url])

    def test_first_that_needs_no_input(self):
        operation = first_simple_get(make_app().openapi())
        self.assertEqual(operation.path, "/secret")

    def test_first_that_is_wanted(self):
        app = FastAPI()
        app.get("/a")(nothing)
        app.get("/b", dependencies=[Depends(HTTPBasic())])(nothing)
        document = app.openapi()
        wanted = first_simple_get(document, lambda operation: operation.authenticated)
        self.assertEqual(wanted.path, "/b")
        self.assertIsNone(first_simple_get(document, lambda operation: False))

    def test_scopes(self):
        document = {
            "paths": {"/a": {"get": {"security": [{"k": ["x", "y"]}, {"o": ["x"]}]}}}
        }
        (operation,) = iter_operations(document)
        self.assertEqual(operation.scopes, {"x", "y"})

    def test_none(self):
        app = FastAPI()
        app.get("/{name}")(nothing)
        app.get("/old", deprecated=True)(nothing)
        router = APIRouter()

        @router.get("/search")
        def search(words: str):
            """Not called."""

        app.include_router(router)
        self.assertIsNone(first_simple_get(app.openapi()))
