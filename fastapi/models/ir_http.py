# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Routing and authentication of requests below an endpoint."""

from http import HTTPStatus

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import BaseConverter, Rule, WebsocketMismatch

from odoo import api, models
from odoo.exceptions import AccessDenied
from odoo.http import ROUTING_KEYS, SessionExpiredException, request

from odoo.addons.base.models.ir_http import IrHttp as BaseIrHttp

from ..handshake import keep_refusal
from ..mounts import Mount, is_alone
from ..serving import remember_mount


class FastapiPathConverter(BaseConverter):
    """The rest of a path, which the app interprets."""

    regex = ".*"
    part_isolating = False
    weight = 300  # after every rule of a controller


class UnservedEndpoint(NotFound):
    """The path belongs to an endpoint that is not served.

    :param status: status of the response
    """

    def __init__(self, status):
        super().__init__()
        self.status = status


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _get_converters(cls):
        return {**super()._get_converters(), "fastapi_path": FastapiPathConverter}

    def _generate_routing_rules(self, modules, converters):
        yield from super()._generate_routing_rules(modules, converters)
        for mount in self.env["fastapi.endpoint"]._get_mounts().by_root_path.values():
            for route in mount.routing["routes"]:
                yield route, mount

    @classmethod
    def _match(cls, path_info):
        """Match as Odoo does, but let the table of mounts decide on endpoints.

        Odoo caches the rules. They may come from a transaction that was older than the
        last change of an endpoint. The table of mounts is always current.
        """
        current = request._get_current_object()  # the proxy is slow: 0.3 % a time
        mounts = current.env["fastapi.endpoint"]._get_mounts()
        mount = mounts.find(path_info)
        match = super()._match
        # other addons, such as http_routing, also set attributes of the request
        if mount is not None and match.__func__ is BaseIrHttp._match.__func__:
            if mount.root_path not in mounts.own_rules:
                rule = cls._make_own_rule(mount, mounts)
                mounts.own_rules[mount.root_path] = rule
            rule = mounts.own_rules[mount.root_path]
            if rule is not None and current.httprequest.method in rule.methods:
                path = path_info[len(mount.root_path) :]
                return rule, {"application_path": path[1:]} if path else {}
        try:
            rule, args = match(path_info)
            if not isinstance(rule.endpoint, Mount) or rule.endpoint is mount:
                return rule, args
            if mount is None:
                raise NotFound()
        except (NotFound, WebsocketMismatch) as err:
            if mount is None:
                if mounts.is_archived(path_info):
                    raise UnservedEndpoint(HTTPStatus.NOT_FOUND) from err
                if mounts.is_unreadable(path_info):
                    raise UnservedEndpoint(HTTPStatus.SERVICE_UNAVAILABLE) from err
                raise
            # a rule of Odoo serves requests or WebSockets, an app both
        return Rule(mount.root_path, endpoint=mount), {}

    @classmethod
    def _make_own_rule(cls, mount, mounts):
        """Return the rule of an endpoint if werkzeug can find no other one, else None.

        Matching takes 4 % of the instructions of a small request.
        """
        if cls.routing_map is not BaseIrHttp.routing_map:
            return None  # it may return several maps, as that of website does
        if mounts.controller_rules is None:
            # once for all endpoints: with 10,000 of them, reading the rules took 65 %
            # of the first request to each (measured)
            rules = request.env["ir.http"].routing_map().iter_rules()
            mounts.controller_rules = [
                rule.rule for rule in rules if not isinstance(rule.endpoint, Mount)
            ]
        # an override of _get_routing_info may have added a host, for example
        options = {key for key in ROUTING_KEYS if mount.routing.get(key)}
        if options != {"methods"} or not is_alone(
            mount.root_path, mounts.controller_rules
        ):
            return None
        methods = {*mount.routing["methods"], "OPTIONS"}  # as in routing_map
        return Rule(mount.root_path, endpoint=mount, methods=methods)

    @classmethod
    def _authenticate(cls, endpoint):
        """Do not refuse requests for documentation yet.

        The app checks who may read it. The dispatcher raises the refusal if the request
        turns out to be for something else.
        """
        if not isinstance(endpoint, Mount):
            return super()._authenticate(endpoint)
        current = request._get_current_object()
        dispatcher = current.dispatcher
        dispatcher.refusal = None
        if dispatcher.is_new:  # _match has just found the endpoint
            dispatcher.is_new = False
            remember_mount(current.env.cr, current.httprequest.path, endpoint)
        try:
            return super()._authenticate(endpoint)
        except (AccessDenied, SessionExpiredException, HTTPException) as refusal:
            if not current.env["fastapi.endpoint"]._is_docs_request():
                raise
            dispatcher.refusal = refusal
        return cls._authenticate_explicit("public")

    @classmethod
    def _auth_method_public(cls):
        """Let an anonymous request below an endpoint start as the endpoint's user.

        It would get that user later anyway. Reading the public user costs a query.
        """
        current = request._get_current_object()
        env, dispatcher = current.env, current.dispatcher
        if env.uid is None and dispatcher.routing_type == "fastapi":
            uid = env["fastapi.endpoint"].get_uid(current.httprequest.path)
            if uid:
                current.update_env(user=uid)
                dispatcher.anonymous_uid = uid
        return super()._auth_method_public()

    @api.model
    def _get_authenticated_user(self):
        """Return the user that Odoo has authenticated below an endpoint, or no user."""
        users = self.env["res.users"]
        # with ``auth="none"``, Odoo does not read the session
        uid = request.env.uid or request.session.uid
        if uid == request.dispatcher.anonymous_uid:
            return users
        user = users.browse(uid)
        return users if not user or user.sudo()._is_public() else user

    @classmethod
    def _handle_error(cls, exception):
        if request.dispatcher.routing_type == "fastapi":
            return request.dispatcher.answer_error(exception)
        # Odoo has found no other content at the path, such as a page of a website
        # (odoo.http.Request._serve_ir_http_fallback).
        unserved = exception.__context__
        if isinstance(unserved, UnservedEndpoint):
            status = unserved.status
            body = {"detail": status.phrase}
            response = request.make_json_response(body, status=status)
            return keep_refusal(response, request.httprequest)
        return super()._handle_error(exception)
