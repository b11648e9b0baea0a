# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which records a ``CrudRouter`` serves: those of its domain."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, HTTPException
from fastapi.params import Depends as DependsParam

from odoo.api import Environment
from odoo.fields import Domain
from odoo.models import BaseModel as Record

from ..internal_texts import get_public_text
from .crud_routes import RecordId

__all__ = ["limit_to_id", "make_domain", "make_record", "not_found"]


def make_domain(domain: Any, env: Callable[..., Environment]) -> Callable[..., Domain]:
    """Return the dependency that provides the domain.

    :param domain: a domain, a function of the environment, ``Depends(…)`` or None
    :param env: dependency that returns the environment
    """
    if isinstance(domain, DependsParam):

        def convert(domain: Annotated[Any, domain]) -> Domain:
            return Domain(domain)

        return convert
    if callable(domain):

        def compute(env: Annotated[Environment, Depends(env)]) -> Domain:
            return Domain(domain(env))

        return compute
    conditions = _make_plain(domain or [])
    return lambda: Domain(conditions)


def make_record(
    model: str, env: Callable[..., Environment], domain: Callable[..., Domain]
) -> Callable[..., Record]:
    """Return the dependency that provides the record of the path, or raises a 404.

    :param model: name of the model
    :param env: dependency that returns the environment
    :param domain: dependency that returns the domain
    """

    def get_record(
        id: RecordId,
        env: Annotated[Environment, Depends(env)],
        domain: Annotated[Domain, Depends(domain)],
    ) -> Record:
        records = env[model]
        record = records.search(limit_to_id(records, domain, id), order="id")
        if not record:
            raise not_found()
        return record

    return get_record


def limit_to_id(model: Record, domain: Domain, id: int) -> Domain:
    """Restrict a domain to one id, archived or not."""
    domain &= Domain("id", "=", id)
    if model._active_name:  # stops Odoo from adding ``active = True``
        domain &= Domain(model._active_name, "in", [True, False])
    return domain


def not_found() -> HTTPException:
    return HTTPException(404, get_public_text(404))


def _make_plain(domain: Any) -> list[Any]:
    """Convert a domain to a list.

    A ``Domain`` object caches optimizations for a model of one database.
    """
    return [
        (*term[:2], _make_plain(term[2]))
        if isinstance(term, tuple | list) and isinstance(term[-1], Domain)
        else term
        for term in domain
    ]
