# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=missing-return
"""``CrudRouter``: generates the routes of a model from schemas."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Annotated, Any, TypeAlias
from urllib.parse import quote

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.routing import APIRoute

from odoo.api import Environment
from odoo.fields import Domain
from odoo.models import BaseModel as Record

from ..access import checked_sudo
from ..dependencies import authenticated_partner_env, paging
from ..internal_texts import get_public_text
from ..schemas import PagedCollection
from .conditional import IfMatch, IfNoneMatch, make_etag, read_stored
from .crud_domain import limit_to_id, make_domain, make_record, not_found
from .crud_routes import (
    CHANGED,
    ETAG,
    LOCATION,
    READ,
    REFUSED,
    ROUTES,
    RecordId,
    choose_routes,
)
from .filters import FilterSchema, filtering
from .pages import (
    CursorPage,
    Sort,
    cursor_paging,
    search_cursor_page,
    search_page,
    sorting,
)
from .schema import RecordSchema

__all__ = ["CrudRouter"]

SortParam: TypeAlias = Sequence[str] | Mapping[str, str] | Callable[..., Sort]


class CrudRouter(APIRouter):
    """A router with routes that list, get, create, change and delete records::

        crud = CrudRouter(
            "sale.order",
            prefix="/orders",
            schema=Order,
            create=OrderIn,
            update=OrderPatch,
            filter=OrderFilter,
            sort=("name", "date_order"),
            domain=lambda env: [
                ("partner_id", "=", env.context["authenticated_partner_id"])
            ],
        )

        @crud.post("/{id}/confirm")
        def confirm(order: Annotated[BaseModel, Depends(crud.record)]) -> Order:
            order.action_confirm()
            return Order.model_validate(order)

    ==========  ====================  =========================================
    ``list``    ``GET``               always
    ``get``     ``GET /{id}``         always
    ``create``  ``POST``              with ``create``
    ``update``  ``PATCH /{id}``       with ``update``
    ``delete``  ``DELETE /{id}``      with ``delete=True``
    ==========  ====================  =========================================

    ``only`` limits the generated routes. A route declared on the router replaces the
    generated one with the same path and method. Routes with other paths come before the
    generated ones, so that ``/stats`` is not taken for the id of a record. Declared
    routes can use the dependencies ``env``, ``domain`` and ``record`` of the router.

    The response is a 404 if the record does not exist, the user may not read it, or it
    is outside of ``domain``. If a created or changed record ends up outside of
    ``domain``, the request is rolled back with a 403. Related records, which a client
    names by id, are limited by the user's rights, not by ``domain``. Archived records
    can be read by id. They are listed only if the filter or the domain has a condition
    on ``active``.

    Responses have an ``ETag``, see :mod:`.conditional`.

    Create the router at module level, or in ``_get_routers`` if it uses schemas of
    :func:`schema_from`. It keeps no data of a database.

    :param model: name of the model
    :param schema: schema of a record in responses
    :param create: schema of the body that creates a record
    :param update: schema of the body that changes a record. Fields that the client
        leaves out do not change, so each field needs a default.
    :param delete: whether clients may delete records
    :param filter: filters of the list
    :param sort: fields by which clients may sort the list, a mapping of the clients'
        names to fields, or a dependency made by :func:`sorting`
    :param cursor: page the list with cursors (:func:`cursor_paging`) instead of numbers
    :param domain: restricts the records: a domain, a function that takes the
        environment and returns one, or ``Depends(…)``
    :param env: dependency that returns the environment of the records. The default
        refuses callers who are not authenticated. Use ``odoo_env`` for a public API.
    :param only: names of the routes to generate
    :param name: name of one record, for names and texts of the routes
        (``list_<name>``), unique in the app. Default: the name of the model with
        underscores.
    :param page_class: generic class of the pages. For schemas of ``extendable``:
        ``odoo.addons.extendable_fastapi.schemas.PagedCollection``.
    :param values: function that takes the environment and returns values for each new
        record. They replace what the client has sent.
    :param checked_sudo: whether to create, change and delete records with
        :func:`~odoo.addons.fastapi.access.checked_sudo`, for models that need rights on
        other models for that
    :param params: arguments of ``APIRouter``: ``prefix``, ``tags``, ``dependencies``, …
    :raises ValueError: ``only`` names a route that can't be generated
    """

    #: Dependency: the environment of the records.
    env: Callable[..., Environment]
    #: Dependency: the domain of the records.
    domain: Callable[..., Domain]
    #: Dependency: the record with the ``{id}`` of the path, within the domain.
    record: Callable[..., Record]

    def __init__(
        self,
        model: str,
        *,
        schema: type[RecordSchema],
        create: type[RecordSchema] | None = None,
        update: type[RecordSchema] | None = None,
        delete: bool = False,
        filter: type[FilterSchema] | None = None,
        sort: SortParam = (),
        cursor: bool = False,
        domain: Any = None,
        env: Callable[..., Environment] = authenticated_partner_env,
        only: Collection[str] | None = None,
        name: str | None = None,
        page_class: Any = None,
        values: Callable[[Environment], Mapping[str, Any]] | None = None,
        checked_sudo: bool = False,
        **params: Any,
    ) -> None:
        super().__init__(**params)
        self._values = values
        self._has_checked_sudo = checked_sudo
        self.model = model
        self.schema = schema
        self.env = env
        self.domain = make_domain(domain, env)
        self.record = make_record(model, env, self.domain)
        self._name = name or re.sub(r"\W", "_", model)
        self._generated: list[APIRoute] = []
        routes = choose_routes(only, create=create, update=update, delete=delete)
        if "list" in routes:
            page_class = page_class or (CursorPage if cursor else PagedCollection)
            self._add_list(filter, sort, cursor, page_class[schema])
        if create and "create" in routes:
            self._add_create(create, has_location="get" in routes)
        if "get" in routes:
            self._add_get()
        if update and "update" in routes:
            self._add_update(update)
        if "delete" in routes:
            self._add_delete()

    def _create_record(self, model: Record, vals: dict[str, Any]) -> Record:
        """Create a record and return it.

        An override may change the values, or call another method of the model.

        :param model: the empty recordset, in the environment of the router
        :param vals: values that the client has sent, and those of ``values``
        """
        return self._call("create", model.create, vals)

    def _update_record(self, record: Record, vals: dict[str, Any]) -> None:
        """Write the values that the client has sent."""
        self._call("write", record.write, vals)

    def _delete_record(self, record: Record) -> None:
        """Delete a record. An override may archive it instead."""
        self._call("unlink", record.unlink)

    def _call(self, operation: str, method: Callable[..., Any], *args: Any) -> Any:
        if self._has_checked_sudo:
            return checked_sudo(operation, method, *args)
        return method(*args)

    def add_api_route(
        self, path: str, endpoint: Callable[..., Any], **params: Any
    ) -> None:
        """Add a route before the generated ones with ``{id}``.

        It replaces generated routes with the same path and methods.
        """
        super().add_api_route(path, endpoint, **params)
        added: Any = self.routes.pop()
        replaced = [
            route
            for route in self._generated
            if _get_shape(route) == _get_shape(added) and route.methods <= added.methods
        ]
        behind = replaced or [route for route in self._generated if "{" in route.path]
        place = self.routes.index(behind[0]) if behind else len(self.routes)
        self.routes.insert(place, added)
        for route in replaced:
            self._generated.remove(route)
            self.routes.remove(route)

    def _add(self, action: str, handler: Callable[..., Any], **params: Any) -> None:
        method, path, summary = ROUTES[action]
        super().add_api_route(
            path,
            handler,
            methods=[method],
            name=f"{action}_{self._name}",  # the operation id, too
            summary=summary.format(self._name.replace("_", " ")),
            **params,
        )
        route: Any = self.routes[-1]
        self._generated.append(route)

    def _add_list(
        self,
        filter: type[FilterSchema] | None,
        sort: SortParam,
        cursor: bool,
        page_class: Any,
    ) -> None:
        search: Callable[..., Any] = search_cursor_page if cursor else search_page

        def list_records(
            env: Annotated[Environment, Depends(self.env)],
            domain: Annotated[Domain, Depends(self.domain)],
            filter: Annotated[Any, Depends(filtering(filter) if filter else _no_value)],
            sort: Annotated[Any, Depends(_make_sorting(sort))],
            paging: Annotated[Any, Depends(cursor_paging if cursor else paging)],
            condition: Annotated[IfNoneMatch, Depends()],
        ) -> Any:
            if filter is not None:
                domain &= filter.to_domain()
            page = search(env[self.model], domain, sort, paging, self.schema)
            return condition.respond(page)

        self._add("list", list_records, response_model=page_class, responses=READ)

    def _add_get(self) -> None:
        def get_record(
            id: RecordId,
            env: Annotated[Environment, Depends(self.env)],
            domain: Annotated[Domain, Depends(self.domain)],
            condition: Annotated[IfNoneMatch, Depends()],
        ) -> Any:
            item = self._read(env, domain, id)
            if item is None:
                raise not_found()
            return condition.respond(item)

        self._add("get", get_record, response_model=self.schema, responses=READ)

    def _add_create(self, schema: type[RecordSchema], has_location: bool) -> None:
        def create_record(
            content: schema,  # type: ignore[valid-type]
            env: Annotated[Environment, Depends(self.env)],
            domain: Annotated[Domain, Depends(self.domain)],
            request: Request,
            response: Response,
        ) -> Any:
            model = env[self.model]
            values = dict(self._values(env)) if self._values else {}
            # ids are checked with the values, such as the model of a record
            defaults = {f"default_{name}": value for name, value in values.items()}
            vals = content.to_vals(  # type: ignore[attr-defined]
                model.with_context(**defaults)
            )
            record = self._create_record(model, {**vals, **values})
            item = self._read_changed(env, domain, record, response)
            if has_location:
                path = quote(request.scope["path"])
                response.headers["Location"] = f"{path}/{record.id}"
            return item

        headers = {"ETag": ETAG, **({"Location": LOCATION} if has_location else {})}
        self._add(
            "create",
            create_record,
            status_code=201,
            response_model=self.schema,
            responses={201: {"headers": headers}, **REFUSED},
        )

    def _add_update(self, schema: type[RecordSchema]) -> None:
        def update_record(
            record: Annotated[Record, Depends(self.record)],
            content: schema,  # type: ignore[valid-type]
            env: Annotated[Environment, Depends(self.env)],
            domain: Annotated[Domain, Depends(self.domain)],
            condition: Annotated[IfMatch, Depends()],
            response: Response,
        ) -> Any:
            """Fields that are not sent stay as they are."""
            condition.check(record, self.schema)
            vals = content.to_vals(record)  # type: ignore[attr-defined]
            self._update_record(record, vals)
            return self._read_changed(env, domain, record, response)

        self._add(
            "update",
            update_record,
            response_model=self.schema,
            responses={200: READ[200], **REFUSED, **CHANGED},
        )

    def _add_delete(self) -> None:
        def delete_record(
            record: Annotated[Record, Depends(self.record)],
            condition: Annotated[IfMatch, Depends()],
        ) -> None:
            condition.check(record, self.schema, "unlink")
            self._delete_record(record)

        responses = {**REFUSED, **CHANGED}
        self._add("delete", delete_record, status_code=204, responses=responses)

    def _read(self, env: Environment, domain: Domain, id: int) -> RecordSchema | None:
        """Read a record of the domain with one search; None if it is not found."""
        model = env[self.model]
        found = self.schema.from_search(
            model, limit_to_id(model, domain, id), order="id"
        )
        return found[0] if found else None

    def _read_changed(
        self, env: Environment, domain: Domain, record: Record, response: Response
    ) -> RecordSchema:
        """Read a created or changed record, and set ``ETag`` in the response.

        :raises HTTPException: 403, the record is now outside of the domain
        """
        read_stored(env)
        item = self._read(env, domain, record.id)
        if item is None:
            raise HTTPException(403, get_public_text(403))
        response.headers["ETag"] = make_etag(item)
        return item


def _make_sorting(sort: SortParam) -> Callable[..., Sort | None]:
    if callable(sort):
        return sort
    if isinstance(sort, Mapping):
        return sorting(**sort)
    return sorting(*sort) if sort else _no_value


def _no_value() -> None:
    """Dependency that replaces an unused one."""


def _get_shape(route: APIRoute) -> str:
    """Return the path without the names of its parameters."""
    return re.sub(r"{[^}]*}", "{}", route.path)
