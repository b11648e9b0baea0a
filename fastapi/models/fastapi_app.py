# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``FastapiApp``: an app as one class.

The class makes the entry in the selection ``app`` of ``fastapi.endpoint``, and its
hooks say what the app consists of. An endpoint builds its app in this order:

1. it asks the hooks of the class, which other addons extend with ``_inherit``;
2. the hooks of ``fastapi.endpoint`` put that together with what every app has;
3. overrides of these, by any addon, change what they return, for apps without a class
   as well.
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

#: Keys of apps. Each is a part of XML ids, so that no two of them may become one there.
VALID_KEY = re.compile(r"[a-z][a-z0-9_]*")


class FastapiApp(models.AbstractModel):
    """The base of all apps.

    A subclass with ``_name = "fastapi.app.<key>"`` is an app, and its ``_description``
    is what the selection shows. Another addon extends it with ``_inherit``, in the
    databases where it is installed; ``_inherit = "fastapi.app"`` extends all apps.

    Each hook returns what the app adds. It has to call ``super()`` only in a class that
    extends an app. ``self.endpoint`` is the record that is served.
    """

    _name = APP_MODEL
    _description = "FastAPI App"

    #: Where a new endpoint of the app is mounted, unless another path is given.
    _root_path: str | None = None
    #: XML id of the user who runs a new endpoint.
    _user_xml_id: str | None = None
    #: Ways to authenticate that are chosen on a new endpoint of the app. For example,
    #: ``("api_key", "session")`` sets its fields ``auth_api_key`` and ``auth_session``.
    _auth: tuple[str, ...] = ()
    #: Whose rights count on a new endpoint: those of its ``"user"``, or of the
    #: ``"caller"``.
    _run_as: str | None = None
    #: Who may read the documentation of a new endpoint: a value of ``docs_access``.
    _docs_access: str | None = None
    #: Text at the top of the documentation of a new endpoint, in Markdown.
    _api_description: str | None = None
    #: Version of the API, shown in its documentation. That of the addon, without one.
    _api_version: str | None = None
    #: Whether an endpoint is created when the app comes to a database: with the addon,
    #: or with a new version of it. It needs ``_root_path``. Later changes to it stay,
    #: and once deleted it does not come back.
    _create_endpoint: bool = False
    #: An existing app to serve: each endpoint gets a copy, with its routes, middleware,
    #: exception handlers, dependency overrides and lifespan.
    _app: FastAPI | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not vars(cls).get("_register", True):
            return  # a base for several apps, or a class of a registry
        if cls._name not in _own_inherit(cls):
            cls._make_app()
        elif "_description" not in vars(cls):
            cls._description = None  # the app has one, which is not this base's

    @classmethod
    def _make_app(cls) -> None:
        """Make the class an app: extend ``fastapi.endpoint`` in the addon of the class.

        :raises TypeError: its name or description is missing or wrong
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
        # so that extensions of fastapi.app are in it
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
        """The ``fastapi.endpoint`` whose app this is: both have the same id."""
        return self.env["fastapi.endpoint"].browse(self._ids)

    # ------------------------------------------------------------------
    # What the app consists of
    # ------------------------------------------------------------------

    def _get_app(self) -> FastAPI:
        """Return a new FastAPI app, without the routers of ``_get_routers``.

        An override changes what ``super()`` returns, or returns an app of its own: a
        new one each time. It gets the routers and dependency overrides; the other hooks
        are for the app that is made here.
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
        """Return the dependencies that the app replaces, with their replacements."""
        return {}

    def _get_dependencies(self) -> Iterable[Any]:
        """Return dependencies of every route, each as ``Depends(…)``."""
        return []

    def _get_middlewares(self) -> Iterable[Middleware]:
        """Return the middleware, the outermost first."""
        return []

    def _get_exception_handlers(
        self,
    ) -> Mapping[int | type[Exception], Callable[..., Any]]:
        """Return exception handlers by type or status code.

        A handler shapes the response; the transaction is rolled back in any case. To
        call a handler that is there without the app, take it from
        ``error_handlers.default_exception_handlers()``.
        """
        return {}

    def _get_lifespan(self) -> Callable[[FastAPI], Any] | None:
        """Return the lifespan: a function of the app that returns a context manager."""
        return None

    def _prepare_params(self) -> Mapping[str, Any]:
        """Return more arguments for ``FastAPI()``, such as ``openapi_tags``.

        Texts that users have typed go through ``markdown.escape_html``.
        """
        return {}

    def _get_routing_info(self) -> Mapping[str, Any]:
        """Return what is different in ``_get_routing_info`` of the endpoint.

        For example ``{"auth": "user"}``, or a ``max_content_length`` in bytes.
        """
        return {}

    @api.model
    def _get_app_fields(self) -> Iterable[str]:
        """Return fields of the endpoint that the hooks read: a write rebuilds it."""
        return []

    @api.model
    def _get_routing_fields(self) -> Iterable[str]:
        """Return fields of the endpoint that ``_get_routing_info`` reads."""
        return []

    # ------------------------------------------------------------------
    # Its endpoints
    # ------------------------------------------------------------------

    @api.model
    def _get_endpoint_defaults(self) -> dict[str, Any]:
        """Return values for a new endpoint of the app, where no others are given.

        An override adds to what ``super()`` returns, which is made of the attributes of
        the class. What refers to a record that is gone is left out.
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
        known = self.env[
            "fastapi.endpoint"
        ]._fields  # the addon of a way may be missing
        return {
            name: value for name, value in defaults.items() if value and name in known
        }


def _own_inherit(cls: type[FastapiApp]) -> list[str]:
    """Return the ``_inherit`` of a class, not that of its Python base."""
    inherit = vars(cls).get("_inherit") or []
    return [inherit] if isinstance(inherit, str) else list(inherit)
