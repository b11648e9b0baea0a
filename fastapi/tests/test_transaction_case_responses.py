# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``FastAPITransactionCase``: responses are those of the server."""

from typing import Annotated

from fastapi import (
    APIRouter,
    Depends,
    FastAPI,
    HTTPException,
    Request,
)
from fastapi.templating import Jinja2Templates
from jinja2 import DictLoader
from jinja2 import Environment as JinjaEnvironment
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send
from werkzeug.exceptions import Forbidden

from odoo.models import BaseModel
from odoo.tools import mute_logger

from ..app.prepare import EndpointFastAPI
from ..dependencies import authenticated_partner
from .common import FastAPITransactionCase
from .transaction_case import (
    LOGGER,
    Env,
    ResponsesMixin,
    leave,
)

Partner = Annotated[BaseModel, Depends(authenticated_partner)]


class TestResponses(ResponsesMixin, FastAPITransactionCase):
    def test_committed_exception(self):
        response = self.call("POST", "/tasks", params={"error": "committed"})
        self.assertEqual(
            (response.status_code, response.json()), (401, {"detail": "counted"})
        )
        self.assert_left("handler")

    @mute_logger("odoo.sql_db")
    def test_texts_of_constraints(self):
        router = APIRouter()

        @router.post("/unique")
        def unique(env: Env) -> None:
            leave(env, "once")
            leave(env, "once")

        @router.post("/required")
        def required(env: Env) -> None:
            env["ir.config_parameter"].create({"key": "test.empty"})

        self.default_fastapi_router = router
        for path, text in (
            ("/unique", "Key must be unique"),
            ("/required", "This operation can't be completed."),
        ):
            with self.subTest(path):
                response = self.call("POST", path)
                self.assertEqual(response.status_code, 400, response.text)
                self.assertIn(text, response.text)
                self.assertNotIn("ir.config_parameter", response.text)
        self.assert_left()

    def test_exception_of_a_middleware(self):
        class Refusing:
            def __init__(self, app: ASGIApp) -> None:
                self.app = app

            async def __call__(
                self, scope: Scope, receive: Receive, send: Send
            ) -> None:
                if scope["type"] == "http":
                    raise Forbidden("by a middleware")
                await self.app(scope, receive, send)

        self.default_fastapi_app = EndpointFastAPI(middleware=[Middleware(Refusing)])
        response = self.call("POST", "/tasks")
        self.assertEqual(response.status_code, 403)
        self.assertEqual(response.json(), {"detail": "by a middleware"})

    def test_app_without_exception_handlers(self):
        self.default_fastapi_app = FastAPI()
        response = self.call("POST", "/tasks", params={"error": "refused"})
        self.assertEqual(response.status_code, 400)
        self.assertEqual(response.json(), {"detail": "refused"})
        with self.assertLogs(LOGGER, "ERROR"):
            self.assertEqual(self.call("POST", "/tasks").status_code, 200)
        self.assert_left("handler", "task")

    def test_app_that_has_run_before(self):
        """Starlette has already built its stack of middleware."""

        def make_app():
            app = FastAPI()

            @app.post("/")
            def handler(env: Env) -> None:
                leave(env, "handler")
                raise HTTPException(409, "refused")

            return app

        app = make_app()
        with self._create_test_client(app=app) as client:
            self.assertEqual(client.post("/").status_code, 409)
        self.env["ir.config_parameter"].set_param("test.handler", False)
        self.assert_left()
        for served in (app, make_app()):
            with self._create_test_client(
                app=served, raise_server_exceptions=False
            ) as client:
                with client:  # the lifespan
                    self.assertEqual(client.post("/").status_code, 409)
            self.assert_left()

    def test_body(self):
        router = APIRouter()

        @router.post("/echo")
        async def echo(request: Request) -> str:
            return (await request.body()).decode()

        self.default_fastapi_router = router
        for content, expected in (
            (b"", ""),
            (b"whole", "whole"),
            ((chunk for chunk in (b"in ", b"chunks")), "in chunks"),
        ):
            response = self.call("POST", "/echo", content=content)
            self.assertEqual(response.json(), expected)

    def test_template(self):
        templates = Jinja2Templates(
            env=JinjaEnvironment(loader=DictLoader({"page": "Hello"}), autoescape=True)
        )
        router = self.default_fastapi_router = APIRouter()

        @router.get("/page")
        def page(request: Request):
            return templates.TemplateResponse(request, "page")

        response = self.call("GET", "/page")
        self.assertEqual((response.status_code, response.text), (200, "Hello"))


class TestLanguage(FastAPITransactionCase):
    """Requests run in the language that the client accepts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fr_FR")
        cls.env["res.lang"]._activate_lang("nl_BE")
        cls.default_fastapi_odoo_env = cls.env(context={"lang": "nl_BE"})
        cls.default_fastapi_authenticated_partner = cls.env["res.partner"].create(
            {"name": "Caller"}
        )
        router = cls.default_fastapi_router = APIRouter()

        @router.get("/lang")
        def lang(env: Env, partner: Partner) -> tuple[str, str]:
            return env.lang, partner.env.lang

    def test_language(self):
        for raises in (True, False):
            with (
                self.subTest(raises=raises),
                self._create_test_client(raise_server_exceptions=raises) as client,
            ):
                for accepted, lang in (
                    ("xx, fr;q=0.8, nl;q=0.5", "fr_FR"),
                    ("xx", "nl_BE"),
                    (None, "nl_BE"),
                ):
                    headers = {"Accept-Language": accepted} if accepted else {}
                    response = client.get("/lang", headers=headers)
                    self.assertEqual(response.json(), [lang, lang], accepted)
