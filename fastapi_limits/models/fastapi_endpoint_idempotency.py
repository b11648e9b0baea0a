# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Settings of an endpoint: whether requests may have an ``Idempotency-Key``."""

from collections.abc import Callable
from typing import Any

from fastapi import Depends, FastAPI
from starlette.middleware import Middleware

from odoo import api, fields, models

from odoo.addons.fastapi.auth.route_calls import iter_route_calls

from ..idempotency.dependencies import SETTINGS, KeyDependency, KeySettings
from ..idempotency.inner import InnerResponses
from ..idempotency.responses import StoredResponse, respond_empty


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"  # pylint: disable=consider-merging-classes-inherited

    idempotency = fields.Selection(
        selection=[
            ("ignored", "Ignored"),
            ("accepted", "Accepted"),
            ("required", "Required"),
        ],
        string="Idempotency-Key",
        default="ignored",
        required=True,
        help="Clients send this header with POST and PATCH, to repeat a request "
        "safely: it is carried out once, and each repetition gets the same response.\n"
        "Ignored: routes of the app may still accept it.\n"
        "Accepted: requests may have the header.\n"
        "Required: requests without the header are refused.",
    )
    idempotency_hours = fields.Integer(
        string="Keep Responses",
        default=24,
        required=True,
        help="Hours for which a response is kept. A repetition after that is carried "
        "out as a new request.",
    )

    _idempotency_hours_positive = models.Constraint(
        "CHECK (idempotency_hours BETWEEN 1 AND 8760)",
        "Responses to requests with an Idempotency-Key can be kept for 1 to 8760 "
        "hours, which is a year.",
    )

    @api.model
    def _fastapi_app_fields(self) -> list[str]:
        return [*super()._fastapi_app_fields(), "idempotency", "idempotency_hours"]

    def _get_fastapi_app_dependencies(self) -> list[Any]:
        return [
            *super()._get_fastapi_app_dependencies(),
            *self._get_key_dependencies(),
        ]

    def _get_key_dependencies(self) -> list[Any]:
        """Return the dependencies that decide on the keys of requests."""
        if self.idempotency == "ignored":
            return []
        return [Depends(KeyDependency(self.idempotency))]

    def _get_app(self) -> FastAPI:
        app = super()._get_app()
        # a field of fastapi_mcp_server, which does not depend on this addon
        if "mcp_server" in self._fields and self.mcp_server:
            app.user_middleware.insert(0, Middleware(InnerResponses))
        return app

    def _get_app_exception_handlers(
        self,
    ) -> dict[int | type[Exception], Callable[..., Any]]:
        handlers = super()._get_app_exception_handlers()
        return {**handlers, StoredResponse: respond_empty}

    def _check_app(self, app: FastAPI) -> None:
        calls = [call for _path, call in iter_route_calls(app.routes)]
        found = any(isinstance(call, KeyDependency) for call in calls)
        if not found and calls and self.idempotency != "ignored":
            raise ValueError(
                "The app can't take an Idempotency-Key from the settings of its "
                "endpoint: it does not have the dependencies of the endpoint. Set "
                "Idempotency-Key to Ignored, and use accept_idempotency_key() in its "
                "routes."
            )
        # also for the routes of mounted apps, which are not among these
        setattr(app.state, SETTINGS, KeySettings(self.id, self.idempotency_hours))
        return super()._check_app(app)
