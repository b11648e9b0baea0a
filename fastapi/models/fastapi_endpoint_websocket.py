# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Settings of an endpoint: who may open WebSockets, and how many."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..handshake import clean_origin
from ..websockets import ConnectionLimits


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"  # pylint: disable=consider-merging-classes-inherited

    websocket_origins = fields.Text(
        string="WebSocket Origins",
        help="Other sites whose pages may open WebSockets, one a line, such as "
        "https://shop.example.com. Pages of this site and programs that are no "
        "browser always may.\n"
        "* stands for all sites. Their pages can't use the session of a user, which a "
        "browser sends by itself.",
    )
    websocket_max_size = fields.Integer(
        string="Largest WebSocket Message",
        default=1024,
        required=True,
        help="KiB. A larger message closes the connection with code 1009.",
    )
    websocket_ping_interval = fields.Integer(
        string="WebSocket Ping Interval",
        default=20,
        required=True,
        help="Seconds of silence after which the server asks whether the client is "
        "still there. Without a response in 20 seconds, the connection is closed. "
        "Keep it shorter than the timeout of the proxy.",
    )
    websocket_max_connections = fields.Integer(
        string="WebSocket Connections",
        default=1000,
        required=True,
        help="Most open WebSockets of this endpoint in one process. Above it, clients "
        "get a 503. 0: no limit.",
    )
    websocket_max_caller_connections = fields.Integer(
        string="WebSocket Connections of a Caller",
        default=20,
        required=True,
        help="Most open WebSockets of one caller in one process. Above it, the caller "
        "gets a 429. Callers are told apart by user or partner, without "
        "authentication by address. 0: no limit.",
    )

    _websocket_sizes_positive = models.Constraint(
        "CHECK (websocket_max_size > 0 AND websocket_ping_interval > 0)",
        "The largest message and the ping interval of WebSockets must be above 0.",
    )
    _websocket_counts_positive = models.Constraint(
        "CHECK (websocket_max_connections >= 0 "
        "AND websocket_max_caller_connections >= 0)",
        "The limits of WebSocket connections can't be below 0.",
    )

    @api.model
    def _fastapi_app_fields(self) -> list[str]:
        return [
            *super()._fastapi_app_fields(),
            "websocket_origins",
            "websocket_max_size",
            "websocket_ping_interval",
            "websocket_max_connections",
            "websocket_max_caller_connections",
        ]

    @api.model
    def _clean_vals(self, vals):
        """Return normalized values for ``create`` or ``write``.

        :raises ValidationError: an item of ``websocket_origins`` is not an origin
        """
        vals = super()._clean_vals(vals)
        if vals.get("websocket_origins"):
            origins = {}  # ordered, without duplicates
            for text in vals["websocket_origins"].replace(",", " ").split():
                origin = clean_origin(text.removesuffix("/"))  # from a URL
                if origin is None:
                    raise ValidationError(
                        self.env._(
                            "%(text)s is not an origin. Enter scheme and host, with "
                            "a port if the URL has one, such as "
                            "https://shop.example.com, or * for all sites.",
                            text=text,
                        )
                    )
                origins[origin] = None
            vals = {**vals, "websocket_origins": "\n".join(origins) or False}
        return vals

    def _get_websocket_origins(self) -> frozenset[str]:
        """Return the origins of other sites that may open WebSockets, ``*`` for all.

        Called when the app is built. An override returns origins without a path, in
        lower case, without the default port.
        """
        self.ensure_one()
        return frozenset((self.websocket_origins or "").split())

    def _get_websocket_limits(self) -> ConnectionLimits:
        """Return the limits of the endpoint's WebSockets.

        Called when the app is built. Fields that an override reads have to be in
        ``_fastapi_app_fields``.
        """
        self.ensure_one()
        return ConnectionLimits(
            max_size=self.websocket_max_size * 1024,
            ping_interval=self.websocket_ping_interval,
            max_connections=self.websocket_max_connections,
            max_caller_connections=self.websocket_max_caller_connections,
        )
