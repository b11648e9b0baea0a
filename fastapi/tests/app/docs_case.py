# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Apps with documentation."""

import re

from ...app.docs_guard import DocsAccess, DocsGuard
from ...app.prepare import EndpointFastAPI, prepare_app
from ...bridge import STATE_KEY, RequestState
from ..bridge_case import BridgeCase

PAGES = ("/docs", "/docs/oauth2-redirect", "/redoc")


def make_app(factory=EndpointFastAPI, **params):
    app = factory(**{"title": "Orders", **params})

    @app.get("/hello", tags=["greetings"])
    def hello() -> str:
        return "hello"

    prepare_app(app)
    return app


class DocsCase(BridgeCase):
    def ask(self, app, path, access=DocsAccess.GRANTED, **more):
        """Send a request for documentation with an access."""
        guard = DocsGuard(lambda _path: access, path, more.get("SCRIPT_NAME", ""))
        return self.call(
            app, path, **{STATE_KEY: RequestState(docs_guard=guard), **more}
        )

    def assets(self, result):
        """Return the paths of the assets that a page loads."""
        return re.findall(rb'(?:src|href)="([^"]*)"', result.body)
