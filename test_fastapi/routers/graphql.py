# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A router of strawberry-graphql, which swallows what resolvers raise."""

from typing import Annotated, Any

import strawberry
from fastapi import Depends
from strawberry.fastapi import GraphQLRouter

from odoo.api import Environment

from odoo.addons.fastapi.dependencies import odoo_env


@strawberry.type
class Query:
    @strawberry.field
    def quantity(self, info: strawberry.Info, id: int) -> int:
        return info.context["env"]["test.fastapi.item"].browse(id).quantity


@strawberry.type
class Mutation:
    @strawberry.mutation
    def increment(self, info: strawberry.Info, id: int) -> int:
        env = info.context["env"]
        item = env["test.fastapi.item"].browse(id)
        quantity = item.quantity
        env.cr.execute("SELECT pg_sleep(0.05)")  # let other threads run
        item.quantity = quantity + 1
        env.flush_all()
        return item.quantity


def get_context(env: Annotated[Environment, Depends(odoo_env)]) -> dict[str, Any]:
    return {"env": env}


router: Any = GraphQLRouter(
    strawberry.Schema(Query, Mutation), path="/graphql", context_getter=get_context
)
