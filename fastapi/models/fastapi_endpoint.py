# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``fastapi.endpoint``: an app at a root path, and the hooks that make the app.

``fastapi_endpoint_serving`` has the methods that serve it.
"""

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware import Middleware

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import convert

from .. import dependencies
from ..auth.overrides import check_runs_as_caller
from ..auth.requirements import check_groups_exist
from ..dependencies import own_value
from ..error_handlers import default_exception_handlers
from ..markdown import escape_html
from ..root_paths import RESERVED_SEGMENTS
from ..serving import Serving

#: The model that all apps inherit. The app ``x`` is the model ``fastapi.app.x``.
APP_MODEL = "fastapi.app"

HTTP_METHODS = tuple("GET HEAD POST PUT PATCH DELETE OPTIONS TRACE".split())


def new_version(_self: Any = None) -> str:
    # random, because after a rollback a counter would use a number again
    return secrets.token_hex(8)


#: Fields whose values ``_clean_vals`` checks.
_CLEANED = ["api_key_header", "root_path", "websocket_origins"]
#: Fields that only the documentation and the backend show.
_ONLY_SHOWN = frozenset({"app_version", "description", "name", "route_group"})


class FastapiEndpoint(models.Model):
    _name = "fastapi.endpoint"
    _description = "FastAPI Endpoint"
    _order = "id"

    #: Root paths to refuse, besides all paths below ``RESERVED_SEGMENTS``. An override
    #: adds its own.
    _blacklist_root_paths = {f"/{segment}" for segment in RESERVED_SEGMENTS}

    name = fields.Char(required=True, help="Title of the API in its documentation.")
    description = fields.Text(
        help="What the API is for, shown at the top of its documentation. Markdown."
    )
    active = fields.Boolean(
        default=True,
        help="An archived endpoint is not served: requests get a 404.",
    )
    root_path = fields.Char(
        required=True,
        copy=False,
        help="Path of the URL below which the app is served, such as /api/v1. "
        "It has one or more segments; of nested endpoints the longest path wins.",
    )
    app = fields.Selection(
        selection=[],
        required=True,
        help="The API that is served. Modules that provide an API add it here.",
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        required=True,
        default=lambda self: self.env.ref("base.public_user"),
        help="The app runs as this user and has the access rights of this user.",
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        compute="_compute_company_id",
        store=True,
        readonly=False,
        domain="[('user_ids', 'in', user_id)]",
        help="The app works in this company.",
    )
    docs_url = fields.Char(string="Docs URL", compute="_compute_urls")
    redoc_url = fields.Char(string="ReDoc URL", compute="_compute_urls")
    openapi_url = fields.Char(string="OpenAPI URL", compute="_compute_urls")
    save_http_session = fields.Boolean(
        string="Save HTTP Session",
        help="Store what the app changes in the session of a client, for example when "
        "a route logs a user in or out. Clients then get a session cookie. If this is "
        "off, the app still knows users who are logged in to Odoo.",
    )
    route_group = fields.Char(help="Label to group endpoints by.", size=32)
    registry_sync = fields.Boolean(
        compute="_compute_registry_sync",
        help="Always set: an endpoint is served as soon as it is saved.",
    )
    app_version = fields.Char(
        default=new_version,
        required=True,
        readonly=True,
        copy=False,
        help="Changes when the app has to be rebuilt.",
    )

    _root_path_unique = models.UniqueIndex(
        "(root_path) WHERE active",
        lambda env, diagnostics: env._(
            "Another endpoint is already mounted there: %s",
            diagnostics and diagnostics.message_detail,
        ),
    )

    @api.depends("user_id")
    def _compute_company_id(self):
        for endpoint in self:
            endpoint.company_id = endpoint.user_id.company_id

    @api.depends("root_path")
    def _compute_urls(self):
        for endpoint in self:
            endpoint.docs_url = f"{endpoint.root_path}/docs"
            endpoint.redoc_url = f"{endpoint.root_path}/redoc"
            endpoint.openapi_url = f"{endpoint.root_path}/openapi.json"

    def _compute_registry_sync(self):
        self.registry_sync = True

    # Hooks for other addons. Each starts with the result of the app's class, see
    # models/fastapi_app.py.

    @api.model
    def _get_app_models(self) -> list[models.BaseModel]:
        """Return ``fastapi.app`` and the models of all apps of the database."""
        names = [
            f"{APP_MODEL}.{key}" for key in self._fields["app"].get_values(self.env)
        ]
        return [self.env[name] for name in (APP_MODEL, *names) if name in self.env]

    def _get_app_model(self) -> models.BaseModel:
        """Return the record of the app's model, ``fastapi.app`` if it has no class."""
        name = f"{APP_MODEL}.{self.app}"
        return self.env[name if name in self.env else APP_MODEL].browse(self._ids)

    def _get_app(self) -> FastAPI:
        """Return a new FastAPI app for this endpoint.

        An override changes what ``super()`` returns, or returns another app, a new one
        for each endpoint and database. Fields that it reads have to be in
        ``_fastapi_app_fields``. Change the routes of an app only here, or in its
        lifespan: afterwards, other apps may have the same ones.
        """
        self.ensure_one()
        app = self._get_app_model()._get_app()
        app.state.odoo_root_path = self.root_path
        for router in self._get_fastapi_routers():
            app.include_router(router)
        overrides = app.dependency_overrides
        overrides.update(self._get_app_dependencies_overrides())
        for dependency, override in self._get_auth_overrides().items():
            overrides.setdefault(dependency, override)
        return app

    @api.model
    def _app_context(self) -> AbstractContextManager[None]:
        """Return a context manager that surrounds all code of the apps.

        It is entered for each build, OpenAPI document and request. An override enters
        that of ``super()``, and may set context variables, which streams and background
        tasks also see.
        """
        return nullcontext()

    @api.model
    def _get_sharing_key(self) -> tuple[Any, ...]:
        """Return what the routes of all apps depend on, besides settings of their app.

        Apps share routes only if their keys are equal. Called inside ``_app_context``.
        An override adds to ``super()`` the context variables that it sets there.
        """
        return ()

    def _prepare_fastapi_app_params(self) -> dict[str, Any]:
        """Return the arguments for ``FastAPI()``.

        Escape texts of records with ``markdown.escape_html``.
        """
        app = self._get_app_model()
        params = {
            "title": self.name,
            "description": escape_html(self.description or ""),
            "middleware": self._get_fastapi_app_middlewares(),
            "dependencies": [
                *self._get_fastapi_app_dependencies(),
                *map(Depends, self._get_auth_schemes()),
            ],
            "exception_handlers": self._get_app_exception_handlers(),
            "lifespan": app._get_lifespan(),
        }
        version = app._api_version or self._get_default_version()
        if version:
            params["version"] = version
        return {**params, **app._prepare_params()}

    def _get_fastapi_routers(self) -> list[APIRouter]:
        """Return the routers of the app.

        An override checks ``self.app`` before it adds routers. It must not change a
        router, because other apps share it.
        """
        return list(self._get_app_model()._get_routers())

    def _get_app_dependencies_overrides(self) -> dict[Callable, Callable]:
        """Return replacements of dependencies, as in ``app.dependency_overrides``."""
        values = {
            dependencies.fastapi_endpoint_id: self.id,
            dependencies.company_id: self.company_id.id or None,
        }
        return {
            **{call: own_value(call, value) for call, value in values.items()},
            **self._get_app_model()._get_dependency_overrides(),
        }

    def _get_fastapi_app_middlewares(self) -> list[Middleware]:
        """Return the middleware of the app, the outermost first."""
        return list(self._get_app_model()._get_middlewares())

    def _get_fastapi_app_dependencies(self) -> list[Any]:
        """Return the dependencies of all routes of the app."""
        return [
            Depends(dependencies.accept_language),
            *self._get_app_model()._get_dependencies(),
        ]

    def _get_app_exception_handlers(
        self,
    ) -> dict[int | type[Exception], Callable[..., Any]]:
        """Return the exception handlers of the app by type or status code.

        A handler takes request and exception. It only makes the response: the
        transaction is rolled back in any case. Handlers of an override may call those
        that ``super()`` returns.
        """
        return {
            **default_exception_handlers(),
            **self._get_app_model()._get_exception_handlers(),
        }

    def _check_app(self, app: FastAPI) -> None:
        """Check the prepared app. If this raises an exception, it is not served."""
        check_groups_exist(app, self.env)
        if self.run_as == "caller":
            check_runs_as_caller(app)

    @api.model
    def _fastapi_app_fields(self) -> list[str]:
        """Return the fields that the hooks read. Writing them rebuilds the app.

        An override appends its own.
        """
        names = ["name", "description", "root_path", "app", "user_id", "company_id"]
        for app in self._get_app_models():
            names += app._get_app_fields()
        return names

    @api.model
    def _routing_impacting_fields(self) -> tuple[str, ...]:
        """Return the fields that ``_get_routing_info`` and its overrides read."""
        names = ["root_path", "save_http_session", "route_group", "active", "user_id"]
        for app in self._get_app_models():
            names += app._get_routing_fields()
        return tuple(names)

    def _get_routing_info(self) -> dict[str, Any]:
        """Return the arguments of ``odoo.http.route`` for the endpoint.

        An override may change ``auth`` and add ``max_content_length``. It must keep
        ``type`` and ``routes``.
        """
        self.ensure_one()
        return {
            "type": "fastapi",
            "auth": "public",
            "methods": list(HTTP_METHODS),
            "routes": [
                self.root_path,
                f"{self.root_path}/<fastapi_path:application_path>",
            ],
            "save_session": self.save_http_session,
            "readonly": False,
            **self._get_app_model()._get_routing_info(),
        }

    # Create, write, unlink

    @api.model
    def _clean_vals(self, vals):
        """Return normalized values for ``create`` or ``write``, in a new dictionary."""
        # data files may set ``registry_sync``
        return {name: vals[name] for name in vals if name != "registry_sync"}

    @api.model_create_multi
    def create(self, vals_list):
        # Odoo would add these defaults afterwards, for example those of the context
        defaults = self.default_get(_CLEANED)
        vals_list = [self._clean_vals({**defaults, **vals}) for vals in vals_list]
        for vals in vals_list:
            if vals.get("active", True) and "root_path" in vals:
                self._check_root_path_free(vals["root_path"])
        endpoints = super().create(vals_list)
        endpoints._check_user_rights()  # the context may have a default, too
        endpoints._check_companies()
        Serving(self).reset_mounts()
        return endpoints

    def write(self, vals):
        vals = self._clean_vals(vals)
        if "root_path" in vals or vals.get("active"):
            for endpoint in self:
                if vals.get("active", endpoint.active):
                    path = vals.get("root_path", endpoint.root_path)
                    endpoint._check_root_path_free(path)
        app_changes = not vals.keys().isdisjoint(self._fastapi_app_fields())
        routes_change = not vals.keys().isdisjoint(self._routing_impacting_fields())
        auths = []
        if app_changes:
            vals["app_version"] = new_version()
        elif routes_change:
            auths = [endpoint._get_auth() for endpoint in self]
        if (app_changes or routes_change) and vals.keys() - _ONLY_SHOWN:
            self._check_user_rights()
        result = super().write(vals)
        if "user_id" in vals or "company_id" in vals:
            self._check_user_rights()
            self._check_companies()
        for endpoint, auth in zip(self, auths, strict=False):
            if endpoint._get_auth() != auth:  # part of the documentation
                endpoint.app_version = new_version()
        if app_changes or routes_change:
            Serving(self).reset_mounts()
        return result

    # not a constraint: Odoo checks those as superuser
    def _check_user_rights(self) -> None:
        """Let only a system administrator give an app an administrator's rights.

        Other administrators of FastAPI would get these rights by the app they choose,
        also if they changed an endpoint that has such a user already.

        :raises AccessError: the user administers the database
        """
        if self.env.is_system():
            return
        for user in self.sudo().user_id:
            groups = ("base.group_system", "base.group_erp_manager")
            if user._is_superuser() or any(map(user._has_group, groups)):
                raise AccessError(
                    self.env._(
                        "%s administers this database: only a system administrator can "
                        "choose this user for an endpoint, or change the endpoint.",
                        user.display_name,
                    )
                )

    def _check_companies(self) -> None:
        """Let an app work only in companies of the user who makes or changes it.

        An app without a company works in those of its user, or of its callers.

        :raises AccessError: the user does not belong to one of them
        """
        if self.env.is_system():
            return
        for endpoint in self.sudo():
            users = endpoint.user_id | endpoint.key_ids.user_id
            companies = endpoint.company_id or users.company_ids
            if companies - self.env.user.company_ids:
                raise AccessError(
                    self.env._(
                        "%s would work in companies that you don't belong to: choose "
                        "another user or company for the endpoint.",
                        endpoint.name,
                    )
                )

    def unlink(self):
        result = super().unlink()
        Serving(self).reset_mounts()
        return result

    @api.model
    @api.private
    def has_demo_data(self) -> bool:
        """Return whether the demo records exist."""
        demo = self.env.ref("fastapi.fastapi_endpoint_demo", raise_if_not_found=False)
        return bool(demo)

    @api.model
    def _load_demo_data(self):
        """Create the demo records, for tests on a database without demo data."""
        if not self.has_demo_data():
            convert.convert_file(
                self.env, "fastapi", "demo/fastapi_endpoint_demo.xml", {}, mode="init"
            )
