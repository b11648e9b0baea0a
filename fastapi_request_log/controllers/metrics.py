# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``/metrics``: the metrics of the database for Prometheus."""

from fastapi.security.utils import get_authorization_scheme_param
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from odoo import SUPERUSER_ID, http
from odoo.http import request

from ..metrics import MetricsCollector, make_metrics_app
from ..models.fastapi_request_total import BOUNDS


class MetricsController(http.Controller):
    # public: Odoo checks the session, and a caller with a token needs none
    @http.route(
        "/metrics",
        type="http",
        auth="public",
        methods=["GET"],
        readonly=True,
        save_session=False,
    )
    def metrics(self, **_params: str) -> Response:
        """Return the metrics in the format of Prometheus or OpenMetrics.

        While they are off, this is a 404; for others than the token and the members of
        the group, a 401.
        """
        settings = request.env["res.config.settings"]
        if not settings._has_fastapi_metrics():
            raise NotFound()
        if not settings._may_read_fastapi_metrics(self._get_credential()):
            return request.make_response(
                "Send the token of the metrics, or an API key of a user who may read "
                "them: see FastAPI > Settings.\n",
                {"WWW-Authenticate": "Bearer", "Content-Type": "text/plain"},
                status=401,
            )
        env = request.env(user=SUPERUSER_ID, context={})
        app = make_metrics_app(MetricsCollector(env, BOUNDS))
        response = Response.from_app(app, request.httprequest.environ)
        response.headers["Cache-Control"] = "no-store"
        return response

    def _get_credential(self) -> str:
        """Return the token of ``Authorization: Bearer``, an empty text without one."""
        header = request.httprequest.headers.get("Authorization")
        scheme, credential = get_authorization_scheme_param(header)
        return credential.strip() if scheme.lower() == "bearer" else ""
