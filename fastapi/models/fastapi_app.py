# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``FastapiApp``: an app as one class.

The class adds the app to the selection ``app`` of ``fastapi.endpoint``. When the app is
built, the hooks of ``fastapi.endpoint`` start with the results of the hooks of the
class, and add what all apps have. Both can be extended with ``_inherit``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware

from odoo import api, fields, models

from ..app.prepare import EndpointFastAPI, copy_app
from .fastapi_endpoint import APP_MODEL

#: Keys of apps, which become parts of XML ids.
VALID_KEY = re.compile(r"[a-z][a-z0-9_]*")


class FastapiApp(models.AbstractModel):
    """The base of all apps.

    A subclass with ``_name = "fastapi.app.<key>"`` is an app. The selection shows its
    ``_description``. Other addons extend it with ``_inherit``, or extend all apps with
    ``_inherit = "fastapi.app"``.

    Each hook returns what the app adds. Only classes that extend an app have to call
    ``super()``. ``self.endpoint`` is the endpoint of the app.
    """

    _name = APP_MODEL
    _description = "FastAPI App"

    # Values of new endpoints

    #: Root path of the endpoint.
    _root_path: str | None = None
    #: XML id of the endpoint's user.
    _user_xml_id: str | None = None
    #: Ways to authenticate. For example, ``("api_key", "session")`` sets the fields
    #: ``auth_api_key`` and ``auth_session``.
    _auth: tuple[str, ...] = ()
    #: Whose rights count: ``"user"`` or ``"caller"``.
    _run_as: str | None = None
    #: Who may read the documentation: a value of ``docs_access``.
    _docs_access: str | None = None
    #: Markdown at the top of the documentation.
    _api_description: str | None = None

    # Attributes of the app
    #: Version of the API in its documentation. Default: the version of the addon.
    _api_version: str | None = None
    #: Whether the installation of the app creates an endpoint. Needs ``_root_path``.
    #: Upgrades neither change the endpoint nor create it again.
    _create_endpoint: bool = False
    #: An existing app to serve. Each endpoint gets a copy, with its routes, middleware,
    #: exception handlers, dependency overrides and lifespan.
    _app: FastAPI | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not vars(cls).get("_register", True):
            return  # a base class of several apps, or a class of a registry
        if cls._name not in _own_inherit(cls):
            cls._make_app()
        elif "_description" not in vars(cls):
            cls._description = None  # keep the description of the app

    @classmethod
    def _make_app(cls) -> None:
        """Add the app to the selection of ``fastapi.endpoint``.

        :raises TypeError: the name or description is missing or invalid
        """
        where = f"{cls.__module__}.{cls.__qualname__}"
        key = cls._name.removeprefix(f"{APP_MODEL}.")
        if key == cls._name or not VALID_KEY.fullmatch(key):
            raise TypeError(
                f"{where}: the _name of an app is {APP_MODEL}.<key>, with a key of "
                f"lowercase letters, digits and _, not {cls._name!r}."
            )
        label = vars(cls).get("_description")
        if not label or not isinstance(label, str):
            raise TypeError(
                f"{where}: an app needs a _description, the text to choose it by."
            )
        # to include extensions of fastapi.app
        cls._inherit = [*_own_inherit(cls), APP_MODEL]
        attributes = {
            "__module__": cls.__module__,
            "_module": cls._module,
            "_inherit": "fastapi.endpoint",
            "app": fields.Selection(
                selection_add=[(key, label)], ondelete={key: "cascade"}
            ),
        }
        type(cls)("FastapiEndpoint", (models.Model,), attributes)

    @property
    def endpoint(self) -> models.BaseModel:
        """The ``fastapi.endpoint`` of the app, which has the same id."""
        return self.env["fastapi.endpoint"].browse(self._ids)

    def _get_app(self) -> FastAPI:
        """Return a new FastAPI app, without the routers of ``_get_routers``.

        An override changes what ``super()`` returns, or returns another new app. That
        app gets the routers and dependency overrides, but ignores the other hooks.
        """
        if self._app is not None:
            return copy_app(self._app)
        return EndpointFastAPI(**self.endpoint._prepare_fastapi_app_params())

    def _get_routers(self) -> Iterable[APIRouter]:
        """Return the routers. Other apps and databases may share them."""
        return []

    def _get_dependency_overrides(
        self,
    ) -> Mapping[Callable[..., Any], Callable[..., Any]]:
        """Return replacements of dependencies, as in ``app.dependency_overrides``."""
        return {}

    def _get_dependencies(self) -> Iterable[Any]:
        """Return the dependencies of all routes, each as ``Depends(…)``."""
        return []

    def _get_middlewares(self) -> Iterable[Middleware]:
        """Return the middleware, the outermost first."""
        return []

    def _get_exception_handlers(
        self,
    ) -> Mapping[int | type[Exception], Callable[..., Any]]:
        """Return exception handlers by type or status code.

        A handler only makes the response: the transaction is rolled back in any case.
        The default handlers are ``error_handlers.default_exception_handlers()``.
        """
        return {}

    def _get_lifespan(self) -> Callable[[FastAPI], Any] | None:
        """Return the lifespan: a function of the app that returns a context manager."""
        return None

    def _prepare_params(self) -> Mapping[str, Any]:
        """Return more arguments for ``FastAPI()``, such as ``openapi_tags``.

        Escape texts of users with ``markdown.escape_html``.
        """
        return {}

    def _get_routing_info(self) -> Mapping[str, Any]:
        """Return changes to ``_get_routing_info`` of the endpoint.

        For example ``{"auth": "user"}``, or a ``max_content_length`` in bytes.
        """
        return {}

    @api.model
    def _get_app_fields(self) -> Iterable[str]:
        """Return fields of the endpoint that the hooks read."""
        return []

    @api.model
    def _get_routing_fields(self) -> Iterable[str]:
        """Return fields of the endpoint that ``_get_routing_info`` reads."""
        return []

    @api.model
    def _get_endpoint_defaults(self) -> dict[str, Any]:
        """Return default values of a new endpoint, from attributes of the class.

        Values that refer to a missing record or field are left out.
        """
        if self._name == APP_MODEL:
            return {}
        defaults = {
            "name": self._description,
            "root_path": self._root_path,
            "description": self._api_description,
            "docs_access": self._docs_access,
            "run_as": self._run_as,
            **{f"auth_{way}": True for way in self._auth},
        }
        if self._user_xml_id:
            user = self.env.ref(self._user_xml_id, raise_if_not_found=False)
            if user and user._name == "res.users":
                defaults["user_id"] = user.id
        known = self.env["fastapi.endpoint"]._fields
        return {
            name: value for name, value in defaults.items() if value and name in known
        }


def _own_inherit(cls: type[FastapiApp]) -> list[str]:
    """Return the ``_inherit`` of a class, not that of its Python base."""
    inherit = vars(cls).get("_inherit") or []
    return [inherit] if isinstance(inherit, str) else list(inherit)
