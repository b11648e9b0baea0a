# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Protected resource metadata: which authorization servers issue tokens (RFC 9728)."""

from typing import Any

from werkzeug.wrappers import Response

from odoo import http
from odoo.http import request

from odoo.addons.fastapi.bridge import RequestBody
from odoo.addons.fastapi.bridge.scope import build_scope
from odoo.addons.fastapi.request_environ import make_environ

from ..server import get_current_offer
from ..server.authorization import (
    MCP_PATH,
    WELL_KNOWN,
    ProtectedResource,
    get_base_url,
)

#: Clients in browsers read the metadata, too, and send a header with the version of the
#: protocol. The metadata does not depend on the client.
CORS_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",  # a day
}


class ProtectedResourceController(http.Controller):
    # Odoo's option ``cors`` does not allow the header with the version
    @http.route(
        f"{WELL_KNOWN}/<path:path>",
        type="http",
        auth="public",
        methods=["GET", "OPTIONS"],
        readonly=True,
        save_session=False,
    )
    def metadata(self, path: str, **_params: str) -> Response:
        """Return the metadata of an MCP server.

        Return a 404 for an MCP server without OAuth, and for any other path.

        :raises AppBuildError: the app of the endpoint can't be built; Odoo logs it, and
            returns a 500
        """
        # the URLs depend on headers that may not be part of a cache's key
        headers = {**CORS_HEADERS, "Cache-Control": "no-store"}
        if request.httprequest.method == "OPTIONS":
            return request.make_response("", headers, status=204)
        resource = self._find_resource(f"/{path}")
        if resource is None:
            content: dict[str, Any] = {"detail": "Not Found"}
            return request.make_json_response(content, headers, status=404)
        environ = make_environ(request.httprequest.environ, RequestBody())
        content = resource.make_metadata(get_base_url(build_scope(environ, "")))
        return request.make_json_response(content, headers)

    def _find_resource(self, path: str) -> ProtectedResource | None:
        """Return the MCP server at a path, None without OAuth."""
        endpoints = request.env["fastapi.endpoint"]
        mount = endpoints._get_mounts().find(path)
        # nested endpoints: the app at this path may be another one
        if mount is None or path != f"{mount.root_path}{MCP_PATH}":
            return None
        app = endpoints.get_app(path)
        server = get_current_offer(app.app) if app else None
        if server is None:
            return None
        with endpoints._app_context():
            return server.get(app.app).protected_resource
