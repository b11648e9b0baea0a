# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Apps as classes: one with every hook, its extension, and an existing app."""

from typing import Any

from fastapi import Depends
from starlette.middleware import Middleware

from odoo import Command, api, fields, models

from odoo.addons.fastapi.dependencies import paging
from odoo.addons.fastapi.models import FastapiApp

from ..routers.app_class import (
    CupError,
    NameMiddleware,
    existing_app,
    extra_router,
    lifespan,
    need_key,
    override_router,
    refuse,
    router,
    small_pages,
    smaller_pages,
)


class TestClassApp(FastapiApp):
    _name = "fastapi.app.test_class"
    _description = "Test of an app as a class"
    _root_path = "/test-class"
    _user_xml_id = "test_fastapi.user_test_runner"
    _docs_access = "user"
    _api_description = "All *hooks*."
    _api_version = "2.5"

    def _get_routers(self):
        return (router,)

    def _get_dependency_overrides(self):
        return {paging: small_pages}

    def _get_dependencies(self):
        return [Depends(need_key)] if self.endpoint.test_needs_key else []

    def _get_middlewares(self):
        return [Middleware(NameMiddleware, name="class")]

    def _get_exception_handlers(self):
        return {CupError: refuse}

    def _get_lifespan(self):
        return lifespan

    def _prepare_params(self):
        return {"summary": "class"}

    def _get_routing_info(self):
        return {"max_content_length": self.endpoint.test_max_content_length or None}

    @api.model
    def _get_app_fields(self):
        return ["test_needs_key"]

    @api.model
    def _get_routing_fields(self):
        return ["test_max_content_length"]

    @api.model
    def _get_endpoint_defaults(self):
        return {
            **super()._get_endpoint_defaults(),
            "docs_access": "group",
            "docs_group_ids": [Command.set(self.env.ref("base.group_system").ids)],
            "save_http_session": True,
        }


class TestClassAppExtension(FastapiApp):
    _inherit = "fastapi.app.test_class"

    def _get_routers(self):
        return [*super()._get_routers(), extra_router]

    def _get_middlewares(self):
        return [*super()._get_middlewares(), Middleware(NameMiddleware, name="inner")]

    def _get_dependency_overrides(self):
        return {**super()._get_dependency_overrides(), paging: smaller_pages}

    def _prepare_params(self):
        params = super()._prepare_params()
        return {**params, "summary": f"{params['summary']}, extension"}


class TestExistingApp(FastapiApp):
    _name = "fastapi.app.test_existing"
    _description = "Test of an app that exists already"
    _app = existing_app


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"  # pylint: disable=consider-merging-classes-inherited

    test_needs_key = fields.Boolean()
    test_max_content_length = fields.Integer(help="In bytes.")

    def _get_fastapi_routers(self):
        routers = super()._get_fastapi_routers()
        if self.app in ("test_class", "test_existing"):
            routers.append(override_router)
        return routers

    def _get_fastapi_app_middlewares(self):
        middlewares = super()._get_fastapi_app_middlewares()
        if self.app == "test_class":
            middlewares.insert(0, Middleware(NameMiddleware, name="override"))
        return middlewares

    def _prepare_fastapi_app_params(self) -> dict[str, Any]:
        params = super()._prepare_fastapi_app_params()
        if self.app == "test_class":
            params["summary"] += ", override"
        return params
