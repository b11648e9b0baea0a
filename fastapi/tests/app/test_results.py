# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from typing import Annotated, Any
from unittest.mock import patch

from fastapi import Depends, FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from odoo.tools.config import config

from ...app.prepare import prepare_app
from ...app.results import LARGE
from ..bridge_case import BridgeCase

LOGGER = "odoo.addons.fastapi.app.results"
ITEMS = [{"id": number} for number in range(LARGE // 2)]  # and as many values


class Page(BaseModel):
    items: list[dict[str, int]]


class TestAdvice(BridgeCase):
    def make_app(self, result, dev_mode=("reload",), **params):
        """Return an app whose handlers return a result, on a development server."""
        app = FastAPI()

        @app.get("/items/{number}", **params)
        def get_items(number: int):
            return result

        @app.get("/dependency", **params)
        def get_with_dependency(items: Annotated[Any, Depends(lambda: result)]):
            return items

        @app.get("/annotated")
        def get_annotated() -> Any:
            return result

        with patch.dict(config.options, {"dev_mode": list(dev_mode)}):
            prepare_app(app)
        return app

    def get(self, app, path="/dependency"):
        self.assertEqual(self.call(app, path).code, 200)

    def test_advice_once_for_each_route(self):
        app = self.make_app(ITEMS)
        with self.assertLogs(LOGGER, "WARNING") as logs:
            self.get(app, "/items/1")
            self.get(app, "/items/2")
            self.get(app, "/dependency")
        self.assertEqual(len(logs.output), 2)
        self.assertIn("get_with_dependency", logs.output[1])
        for text in ("GET /items/{number}", f"{__file__}:", "get_items", "list[Item]"):
            self.assertIn(text, logs.output[0])

    def test_large_results(self):
        for result in (
            {"items": ITEMS},
            {str(number): number for number in range(LARGE)},
            Page(items=ITEMS),
            tuple(ITEMS),
            [ITEMS[:-1], {"items": {"last": [1]}}],
        ):
            with self.assertLogs(LOGGER, "WARNING"):
                self.get(self.make_app(result))

    def test_no_advice(self):
        for result, params in (
            (ITEMS[:-1], {}),
            ("x" * LARGE, {}),
            (JSONResponse(ITEMS), {}),
            (ITEMS, {"dev_mode": ()}),
            (ITEMS, {"response_model": list[dict[str, int]]}),
        ):
            with self.subTest(params), self.assertNoLogs(LOGGER):
                self.get(self.make_app(result, **params))

    def test_no_advice_for_annotated_handlers(self):
        with self.assertNoLogs(LOGGER):
            self.get(self.make_app(ITEMS), "/annotated")
