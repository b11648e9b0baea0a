# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``authenticated_partner_id`` in the domains of record rules."""

import threading

from odoo import api, models
from odoo.http import Dispatcher, _request_stack
from odoo.service.server import thread_local

KEY = "authenticated_partner_id"


class IrRule(models.Model):
    _inherit = "ir.rule"

    @api.model
    def _eval_context(self):
        """Add the id of the partner who calls an API, False if there is none."""
        return {**super()._eval_context(), KEY: self._get_authenticated_partner_id()}

    @api.model
    def _get_authenticated_partner_id(self):
        """Return the partner whom the context names, or False.

        Who calls a method over RPC chooses its context too, and would choose whose
        records to read. So the context counts below an endpoint, and where there is no
        request (background tasks, scheduled actions, tests).
        """
        request = _request_stack.top
        if request is None:
            # ``execute_kw`` runs without its request (odoo.http.dispatch_rpc). What it
            # leaves on the thread stays there if that serves no other request.
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
