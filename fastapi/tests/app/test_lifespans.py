# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which apps have a lifespan."""

from __future__ import annotations

from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware

from odoo.tests import BaseCase

from ...app.lifespans import has_lifespan
from ...app.prepare import EndpointFastAPI, copy_app, prepare_app
from .routes_case import make_router


@asynccontextmanager
async def lifespan(app):
    yield {"key": "value"}


def generator(app):
    yield


def nothing():
    pass


class Router(APIRouter):
    async def lifespan(self, scope, receive, send):
        await super().lifespan(scope, receive, send)


class App(FastAPI):
    async def __call__(self, scope, receive, send):
        await super().__call__(scope, receive, send)


def include(inner, app=None):
    """Return an app with a router, in other routers."""
    app = app or EndpointFastAPI()
    outer = make_router()
    outer.include_router(make_router(), prefix="/one")
    outer.include_router(inner, prefix="/two")
    app.include_router(outer, prefix="/v1")
    app.include_router(make_router())
    return app


#: What gives an app or a router something to do at its start or end.
OPTIONS = (
    {"lifespan": lifespan},
    {"lifespan": generator},
    {"on_startup": [nothing]},
    {"on_shutdown": [nothing]},
)


class TestHasLifespan(BaseCase):
    def test_none(self):
        prepared = include(make_router())
        prepare_app(prepared)
        for app in (
            FastAPI(),
            EndpointFastAPI(),
            include(make_router()),
            include(make_router(), FastAPI()),
            prepared,
            copy_app(prepared),
        ):
            self.assertFalse(has_lifespan(app))

    def test_of_the_app(self):
        for options in OPTIONS:
            with self.subTest(**options):
                app = EndpointFastAPI(**options)
                self.assertTrue(has_lifespan(app))
                self.assertTrue(has_lifespan(include(make_router(), app)))
                self.assertTrue(has_lifespan(copy_app(app)))

    def test_of_a_router(self):
        for options in OPTIONS:
            with self.subTest(**options):
                self.assertTrue(has_lifespan(include(APIRouter(**options))))

    def test_added_later(self):
        router = make_router()
        app = include(router)
        router.add_event_handler("shutdown", nothing)
        self.assertTrue(has_lifespan(app))
        app = include(make_router())
        app.router.lifespan_context = lifespan
        self.assertTrue(has_lifespan(app))

    def test_of_the_middleware(self):
        app = EndpointFastAPI()
        app.add_middleware(CORSMiddleware)
        self.assertTrue(has_lifespan(app))

    def test_exporters_of_telemetry(self):
        app = EndpointFastAPI(telemetry={"auto_configure": True})
        self.assertTrue(has_lifespan(app))

    def test_classes_that_may_do_more(self):
        app = FastAPI()
        app.router = Router()
        for other in (App(), app, Starlette(), lambda scope, receive, send: None):
            self.assertTrue(has_lifespan(other))
