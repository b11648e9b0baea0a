# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Provides ``authenticated_partner_id`` in the domains of record rules."""

import threading

from odoo import api, models
from odoo.http import Dispatcher, _request_stack
from odoo.service.server import thread_local

KEY = "authenticated_partner_id"


class IrRule(models.Model):
    _inherit = "ir.rule"

    @api.model
    def _eval_context(self):
        """Add the id of the calling partner, False if there is none."""
        return {**super()._eval_context(), KEY: self._get_authenticated_partner_id()}

    @api.model
    def _get_authenticated_partner_id(self):
        """Return the id of the partner in the context, or False.

        Over RPC, clients choose the context, so they could read records of any partner.
        So the context only counts below an endpoint, and without a request (background
        tasks, scheduled actions, tests).
        """
        request = _request_stack.top
        if request is None:
            # ``execute_kw`` runs without its request (odoo.http.dispatch_rpc). Its
            # attributes stay on the thread until that serves another request.
            is_rpc = bool(getattr(thread_local, "rpc_model_method", ""))
            trusted = not (is_rpc and hasattr(threading.current_thread(), "url"))
        else:
            dispatcher = getattr(request, "dispatcher", None)
            trusted = (
                not isinstance(dispatcher, Dispatcher)
                or dispatcher.routing_type == "fastapi"
            )
        return trusted and self.env.context.get(KEY, False)

    def _compute_domain_keys(self):
        return [*super()._compute_domain_keys(), KEY]

    def _compute_domain_context_values(self):
        yield from super()._compute_domain_context_values()
        yield self._get_authenticated_partner_id()
