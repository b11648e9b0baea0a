# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from contextlib import asynccontextmanager
from unittest.mock import patch

from starlette.responses import JSONResponse

from odoo.addons.fastapi.context import odoo_env_ctx

from .common import FastapiHttpCase


class OutOfTea(Exception):
    pass


def add_tea(app):
    @app.post("/tea")
    def tea(name: str):
        odoo_env_ctx.get()["test.fastapi.item"].create({"name": name})
        raise OutOfTea

    @app.exception_handler(OutOfTea)
    def out_of_tea(request, exc):
        return JSONResponse({"error": "tea"}, 418)


class TestChangedApps(FastapiHttpCase):
    """Routes added after ``app.openapi()`` or in a lifespan roll back as well."""

    def call_changed_app(self, change):
        model = type(self.endpoint)
        original = model._get_app

        def get_app(endpoint):
            app = original(endpoint)
            change(app)
            return app

        with patch.object(model, "_get_app", get_app):
            self.endpoint._reset_app()
            response = self.post("/test/tea?name=x")
        self.endpoint._reset_app()
        self.assertEqual(
            (response.status_code, response.json()), (418, {"error": "tea"})
        )
        self.assertFalse(self.env["test.fastapi.item"].search([("name", "=", "x")]))

    def test_after_an_early_document(self):
        def change(app):
            app.openapi()
            add_tea(app)

        self.call_changed_app(change)

    def test_at_the_start_of_the_lifespan(self):
        def change(app):
            original = app.router.lifespan_context

            @asynccontextmanager
            async def lifespan(app):
                add_tea(app)
                async with original(app) as state:
                    yield state

            app.router.lifespan_context = lifespan

        self.call_changed_app(change)
