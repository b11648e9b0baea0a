# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.testclient import TestClient

from odoo.tests import BaseCase

from ..server import McpServer, McpSettings, add_mcp_server, move_outermost
from ..server.quiet import install_filter, loud, quiet


def make_app():
    app = FastAPI()
    settings = McpSettings(
        name="Test",
        root_path="",
        instructions=None,
        only_reads=False,
        max_result=100,
        origins=frozenset(),
    )
    add_mcp_server(app, settings)
    return app


class TestMiddleware(BaseCase):
    def get_classes(self, app):
        return [item.cls for item in app.user_middleware]

    def test_is_moved_around_that_of_other_addons(self):
        app = make_app()
        app.add_middleware(GZipMiddleware)
        self.assertEqual(self.get_classes(app), [GZipMiddleware, McpServer])
        app.middleware_stack = stack = app.build_middleware_stack()
        move_outermost(app)
        self.assertEqual(self.get_classes(app), [McpServer, GZipMiddleware])
        self.assertIsNot(app.middleware_stack, stack)
        stack = app.middleware_stack
        move_outermost(app)
        self.assertIs(app.middleware_stack, stack)

    def test_hidden_route_comes_first(self):
        app = FastAPI()

        @app.post("/{path}")
        def match_all(path: str):
            return path

        routes = len(app.router.routes)
        settings = McpSettings("Test", "", None, False, 100, frozenset())
        add_mcp_server(app, settings)
        self.assertEqual(len(app.router.routes), routes + 1)
        self.assertEqual(TestClient(app).post("/mcp").json(), None)
        self.assertEqual(TestClient(app).post("/other").json(), "other")


class TestQuiet(BaseCase):
    def test_only_drops_what_requests_to_mcp_servers_log(self):
        install_filter()
        install_filter()
        name = "mcp.server.streamable_http_manager"
        logger = logging.getLogger(name)
        # for Odoo, the name INFO is another level
        with self.assertLogs(name, logging.INFO) as log:
            logger.info("by others")
            with quiet():
                logger.info("of a request")
                logger.warning("of a client")
                logger.error("of a bug")
                with loud():
                    logger.info("of the app")
            logger.info("by others")
        self.assertEqual(
            [record.getMessage() for record in log.records],
            ["by others", "of a bug", "of the app", "by others"],
        )
