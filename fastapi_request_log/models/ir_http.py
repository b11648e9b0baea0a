# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The calls of endpoints whose log is not off, see ``capture``."""

from odoo import models
from odoo.http import request

from ..capture import Capture
from ..settings import ROUTING_KEY

#: Attribute of the request of Odoo: the ``Capture``.
_CAPTURE = "_fastapi_capture"


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _match(cls, path_info):
        rule, args = super()._match(path_info)
        settings = rule.endpoint.routing.get(ROUTING_KEY)
        if settings is not None:
            current = request._get_current_object()
            setattr(current, _CAPTURE, Capture(current, settings))
        return rule, args

    @classmethod
    def _authenticate(cls, endpoint):
        if ROUTING_KEY in endpoint.routing:
            current = request._get_current_object()
            capture = getattr(current, _CAPTURE, None)
            if capture is not None:
                capture.begin_attempt(current.dispatcher)
        return super()._authenticate(endpoint)

    @classmethod
    def _post_dispatch(cls, response):
        current = request._get_current_object()
        capture = getattr(current, _CAPTURE, None)
        if capture is None:
            return super()._post_dispatch(response)
        # a stream commits in there
        current.env.cr.postcommit.add(capture.commit)
        result = super()._post_dispatch(response)
        capture.respond(response)
        return result
