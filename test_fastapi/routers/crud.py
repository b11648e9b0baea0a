# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Routes of a model whose changes wait for a lock that a test holds."""

from typing import Annotated

from fastapi import Depends, Query

from odoo.api import Environment
from odoo.models import BaseModel

from odoo.addons.fastapi.dependencies import odoo_env
from odoo.addons.fastapi.records import CrudRouter, IfMatch, RecordSchema


class Child(RecordSchema):
    id: int | None = None
    name: str


class Typed(RecordSchema):
    id: int
    name: str
    child_ids: list[Child]


class TypedChange(RecordSchema):
    name: str = ""
    child_ids: list[Child] = []


def wait(
    env: Annotated[Environment, Depends(odoo_env)],
    lock: Annotated[int | None, Query(ge=0, le=9999)] = None,
) -> Environment:
    """Wait for a lock after the first read of the transaction."""
    if lock is not None:
        env.cr.execute("SELECT 1 FROM test_fastapi_typed LIMIT 1")
        env.cr.execute("SELECT pg_advisory_xact_lock_shared(%s)", [lock])
    return env


router = CrudRouter(
    "test.fastapi.typed",
    prefix="/typed",
    name="typed",
    tags=["crud"],
    schema=Typed,
    create=TypedChange,
    update=TypedChange,
    delete=True,
    env=wait,
)


@router.post("/{id}/children")
def add_child(
    record: Annotated[BaseModel, Depends(router.record)],
    child: Child,
    condition: Annotated[IfMatch, Depends()],
) -> Typed:
    """Add a child: the record changes, but not its row."""
    condition.check(record, Typed)
    record.create({"name": child.name, "parent_id": record.id})
    return condition.respond(record, Typed)
