# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=missing-return
"""``CrudRouter``: the routes of a model, made of schemas."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, HTTPException, Path, Request, Response
from fastapi.params import Depends as DependsParam
from fastapi.routing import APIRoute

from odoo.api import Environment
from odoo.fields import Domain
from odoo.models import BaseModel as Record

from ..access import checked_sudo
from ..dependencies import authenticated_partner_env, paging
from ..internal_texts import get_public_text
from ..schemas import ErrorDetail, PagedCollection
from .conditional import IfMatch, IfNoneMatch, make_etag, read_stored
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
from .vals import MAX_INTEGER

__all__ = ["CrudRouter"]

ETAG = {"description": "Changes with the content.", "schema": {"type": "string"}}
LOCATION = {"description": "Path of the new record.", "schema": {"type": "string"}}
NOT_MODIFIED = {304: {"description": "The client has the current content already."}}
# besides the errors that every app documents
REFUSED = {
    403: {"model": ErrorDetail, "description": "The caller is not allowed to do this."}
}
CHANGED = {
    412: {"model": ErrorDetail, "description": "`If-Match` names another state."}
}


RecordId = Annotated[int, Path(ge=1, le=MAX_INTEGER, description="Id of the record.")]

#: Texts of the routes in the documentation, with the name of a record.
SUMMARIES = {
    "list": "List {} records",
    "get": "Read one {}",
    "create": "Create one {}",
    "update": "Change one {}",
    "delete": "Delete one {}",
}


class CrudRouter(APIRouter):
    """A router with routes to list, get, create, change and delete records::

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

    ``only`` leaves some of them out, and never adds one. A route that is declared on
    the router with the same path and method takes the place of the generated one.
    Routes of other paths may be declared, too. They come before the generated ones, so
    that ``/stats`` is not taken for a record. ``env``, ``domain`` and ``record`` of the
    router are dependencies for them.

    A record that does not exist, that the user may not read, or that is outside of
    ``domain``, is a 404 on each route. One that would be outside after it was created
    or changed is a 403, and the request is rolled back. Records that a client's content
    refers to by their id are bounded by the rights of the user, not by ``domain``.
    Archived records are not in lists, unless the filter or the domain has a condition
    on ``active``; by their id they are found.

    Answers have an ``ETag``, see :mod:`.conditional`.

    The router is made at the top of a module, or with an app, as in ``_get_routers``,
    for schemas of :func:`schema_from`. It keeps nothing of a database.

    :param model: name of the model
    :param schema: of a record, in answers
    :param create: of the content to create a record from; without it, no route does
    :param update: of the content to change a record; without it, no route does. What a
        client has not sent stays as it is, so all its fields have a default.
    :param delete: whether clients may delete records
    :param filter: what a client may filter the list by
    :param sort: fields by which a client may sort the list; a mapping of the client's
        names to fields, or a dependency made by :func:`sorting`
    :param cursor: page the list with cursors (:func:`cursor_paging`) instead of numbers
    :param domain: which records the router is for: a domain, a function of the
        environment that returns one, or ``Depends(…)``
    :param env: dependency: the environment of the records. The default refuses callers
        who are not authenticated; ``odoo_env`` is for APIs that all may call.
    :param only: names of the routes that there are
    :param name: of one record, in names and texts of the routes: ``list_<name>``. The
        name of the model with underscores by default; unique in an app.
    :param page_class: generic class of the pages, for schemas that other addons extend:
        ``odoo.addons.extendable_fastapi.schemas.PagedCollection``
    :param values: function of the environment: values of each new record, whatever the
        client has sent
    :param checked_sudo: records are created, changed and deleted by
        :func:`~odoo.addons.fastapi.access.checked_sudo`: for models that then need
        rights on others which the user of the API hasn't
    :param params: of ``APIRouter``: ``prefix``, ``tags``, ``dependencies``, …
    :raises ValueError: ``only`` has a route that is not there
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
        sort: Sequence[str] | Mapping[str, str] | Callable[..., Sort] = (),
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
        self.domain = self._make_domain(domain)
        self.record = self._make_record()
        self._name = name or re.sub(r"\W", "_", model)
        self._generated: list[APIRoute] = []
        available = {
            "list": True,
            "get": True,
            "create": create is not None,
            "update": update is not None,
            "delete": delete,
        }
        routes = _choose(available, only)
        if "list" in routes:
            page_class = page_class or (CursorPage if cursor else PagedCollection)
            self._add_list(filter, sort, cursor, page_class[schema])
        if "create" in routes:
            self._add_create(create, has_location="get" in routes)
        if "get" in routes:
            self._add_get()
        if "update" in routes:
            self._add_update(update)
        if "delete" in routes:
            self._add_delete()

    # ------------------------------------------------------------------
    # For subclasses: what a client's content does
    # ------------------------------------------------------------------

    def _create_record(self, model: Record, vals: dict[str, Any]) -> Record:
        """Create a record of the values that a client has sent, and return it.

        An override may change the values, or call a method of the model instead.

        :param model: the empty recordset, in the environment of the router
        """
        if self._values:
            vals = {**vals, **self._values(model.env)}
        return self._call("create", model.create, vals)

    def _update_record(self, record: Record, vals: dict[str, Any]) -> None:
        """Change a record to the values that a client has sent."""
        self._call("write", record.write, vals)

    def _delete_record(self, record: Record) -> None:
        """Delete a record; an override may archive it instead."""
        self._call("unlink", record.unlink)

    def _call(self, operation: str, method: Callable[..., Any], *args: Any) -> Any:
        """Call a method of records, with all rights where the router is made so."""
        if self._has_checked_sudo:
            return checked_sudo(operation, method, *args)
        return method(*args)

    # ------------------------------------------------------------------
    # Routes
    # ------------------------------------------------------------------

    def add_api_route(
        self, path: str, endpoint: Callable[..., Any], **params: Any
    ) -> None:
        """Add a route, before the generated ones of records.

        One with the path and method of a generated route takes its place.
        """
        super().add_api_route(path, endpoint, **params)
        added = self.routes.pop()
        replaced = [
            route
            for route in self._generated
            if _get_shape(route) == _get_shape(added) and route.methods <= added.methods
        ]
        behind = replaced or [route for route in self._generated if "{" in route.path]
        self.routes.insert(
            self.routes.index(behind[0]) if behind else len(self.routes), added
        )
        for route in replaced:
            self._generated.remove(route)
            self.routes.remove(route)

    def _add(
        self, action: str, path: str, handler: Callable[..., Any], **params: Any
    ) -> None:
        """Add a generated route."""
        label = self._name.replace("_", " ")
        super().add_api_route(
            path,
            handler,
            name=f"{action}_{self._name}",  # the operation id, too
            summary=SUMMARIES[action].format(label),
            **params,
        )
        self._generated.append(self.routes[-1])

    def _add_list(
        self,
        filter: type[FilterSchema] | None,
        sort: Sequence[str] | Mapping[str, str] | Callable[..., Sort],
        cursor: bool,
        page: Any,
    ) -> None:
        search = search_cursor_page if cursor else search_page

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
            model = env[self.model]
            return condition.respond(search(model, domain, sort, paging, self.schema))

        self._add(
            "list",
            "",
            list_records,
            methods=["GET"],
            response_model=page,
            responses={200: {"headers": {"ETag": ETAG}}, **NOT_MODIFIED},
        )

    def _add_get(self) -> None:
        def get_record(
            id: RecordId,
            env: Annotated[Environment, Depends(self.env)],
            domain: Annotated[Domain, Depends(self.domain)],
            condition: Annotated[IfNoneMatch, Depends()],
        ) -> Any:
            item = self._read(env, domain, id)
            if item is None:
                raise _missing()
            return condition.respond(item)

        self._add(
            "get",
            "/{id}",
            get_record,
            methods=["GET"],
            response_model=self.schema,
            responses={200: {"headers": {"ETag": ETAG}}, **NOT_MODIFIED},
        )

    def _add_create(self, content: type[RecordSchema], has_location: bool) -> None:
        def create_record(
            content: content,
            env: Annotated[Environment, Depends(self.env)],
            domain: Annotated[Domain, Depends(self.domain)],
            request: Request,
            response: Response,
        ) -> Any:
            model = env[self.model]
            record = self._create_record(model, content.to_vals(model))
            item = self._read_changed(env, domain, record, response)
            if has_location:
                path = quote(request.scope["path"])
                response.headers["Location"] = f"{path}/{record.id}"
            return item

        headers = {"ETag": ETAG, **({"Location": LOCATION} if has_location else {})}
        self._add(
            "create",
            "",
            create_record,
            methods=["POST"],
            status_code=201,
            response_model=self.schema,
            responses={201: {"headers": headers}, **REFUSED},
        )

    def _add_update(self, content: type[RecordSchema]) -> None:
        def update_record(
            record: Annotated[Record, Depends(self.record)],
            content: content,
            env: Annotated[Environment, Depends(self.env)],
            domain: Annotated[Domain, Depends(self.domain)],
            condition: Annotated[IfMatch, Depends()],
            response: Response,
        ) -> Any:
            """Fields that are not sent stay as they are."""
            condition.check(record, self.schema)
            self._update_record(record, content.to_vals(record))
            return self._read_changed(env, domain, record, response)

        self._add(
            "update",
            "/{id}",
            update_record,
            methods=["PATCH"],
            response_model=self.schema,
            responses={
                200: {"headers": {"ETag": ETAG}},
                **REFUSED,
                **CHANGED,
            },
        )

    def _add_delete(self) -> None:
        def delete_record(
            record: Annotated[Record, Depends(self.record)],
            condition: Annotated[IfMatch, Depends()],
        ) -> None:
            condition.check(record, self.schema, "unlink")
            self._delete_record(record)

        self._add(
            "delete",
            "/{id}",
            delete_record,
            methods=["DELETE"],
            status_code=204,
            responses={**REFUSED, **CHANGED},
        )

    # ------------------------------------------------------------------
    # Records
    # ------------------------------------------------------------------

    def _make_domain(self, domain: Any) -> Callable[..., Domain]:
        if isinstance(domain, DependsParam):

            def get_domain(domain: Annotated[Any, domain]) -> Domain:
                return Domain(domain)

        elif callable(domain):

            def get_domain(env: Annotated[Environment, Depends(self.env)]) -> Domain:
                return Domain(domain(env))

        else:
            conditions = _make_plain(domain or [])

            def get_domain() -> Domain:
                return Domain(conditions)

        return get_domain

    def _make_record(self) -> Callable[..., Record]:
        def get_record(
            id: RecordId,
            env: Annotated[Environment, Depends(self.env)],
            domain: Annotated[Domain, Depends(self.domain)],
        ) -> Record:
            model = env[self.model]
            record = model.search(_with_id(model, domain, id), order="id")
            if not record:
                raise _missing()
            return record

        return get_record

    def _read(self, env: Environment, domain: Domain, id: int) -> RecordSchema | None:
        """Return a record of the domain by one search, None if there is none."""
        model = env[self.model]
        bounded = _with_id(model, domain, id)
        return next(iter(self.schema.from_search(model, bounded, order="id")), None)

    def _read_changed(
        self, env: Environment, domain: Domain, record: Record, response: Response
    ) -> RecordSchema:
        """Return a record that was created or changed, with its tag in the response.

        :raises HTTPException: 403, it is outside of the domain now
        """
        read_stored(env)
        item = self._read(env, domain, record.id)
        if item is None:
            raise HTTPException(403, get_public_text(403))
        response.headers["ETag"] = make_etag(item)
        return item


def _choose(available: Mapping[str, bool], only: Collection[str] | None) -> set[str]:
    """Return the names of the routes that a router has.

    :raises ValueError: one that is unknown, or that has no schema
    """
    routes = {name for name, is_available in available.items() if is_available}
    if only is None:
        return routes
    for name in only:
        if name not in available:
            raise ValueError(f"only: {name!r} is not one of {', '.join(available)}.")
        if name not in routes:
            raise ValueError(f"only: {name!r} needs the argument {name}, too.")
    return routes.intersection(only)


def _make_sorting(
    sort: Sequence[str] | Mapping[str, str] | Callable[..., Sort],
) -> Callable[..., Sort | None]:
    if callable(sort):
        return sort
    if isinstance(sort, Mapping):
        return sorting(**sort)
    return sorting(*sort) if sort else _no_value


def _no_value() -> None:
    """Take the place of a dependency that the router has no use for."""


def _make_plain(domain: Any) -> list[Any]:
    """Return a domain as a list.

    A ``Domain`` remembers that it was optimized for a model, of one database.
    """
    return [
        (*term[:2], _make_plain(term[2]))
        if isinstance(term, tuple | list) and isinstance(term[-1], Domain)
        else term
        for term in domain
    ]


def _get_shape(route: APIRoute) -> str:
    """Return the path of a route, whatever its parameters are called."""
    return re.sub(r"{[^}]*}", "{}", route.path)


def _with_id(model: Record, domain: Domain, id: int) -> Domain:
    """Return the domain of one record, be it archived or not."""
    domain &= Domain("id", "=", id)
    if model._active_name:  # Odoo then adds no condition of its own
        domain &= Domain(model._active_name, "in", [True, False])
    return domain


def _missing() -> HTTPException:
    return HTTPException(404, get_public_text(404))
