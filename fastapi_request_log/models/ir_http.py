# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The calls of endpoints whose log is not off, see ``capture``."""

from odoo import models
from odoo.http import request

from ..capture import CAPTURE, Capture
from ..settings import ROUTING_KEY


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _authenticate(cls, endpoint):
        settings = endpoint.routing.get(ROUTING_KEY)
        if settings is not None:
            current = request._get_current_object()  # the proxy is slow
            capture = getattr(current, CAPTURE, None)
            if capture is None:
                current._fastapi_capture = Capture(current, settings)
            else:
                capture.begin_again()
        return super()._authenticate(endpoint)
