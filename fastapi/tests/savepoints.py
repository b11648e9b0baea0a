# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Savepoints of the test's cursor, instead of transactions."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from unittest.mock import patch

from anyio import to_thread
from fastapi import Depends

from odoo.api import Environment

from ..dependencies import odoo_env
from ..follow_up import FollowUpTransactions
from ..transaction_errors import raise_swallowed_error, remember_errors
from ..transactions import Transactions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["SavepointTransactions", "savepoint_works", "savepoints"]

T = TypeVar("T")


class SavepointTransactions(FollowUpTransactions):
    """Transactions after the response, on the test's cursor: it stays open."""

    def hold(self) -> None:
        pass

    rest = close = hold

    def run(self, call: Callable[[], T]) -> T:
        with savepoints(self.env.cr):
            return super().run(call)


@contextmanager
def savepoints(cr: Any) -> Iterator[None]:
    """Have the test's cursor commit and roll back to savepoints."""
    savepoint = cr.savepoint()

    def commit() -> None:
        nonlocal savepoint
        cr.flush()
        raise_swallowed_error(cr)
        savepoint.close(rollback=False)
        savepoint = cr.savepoint()

    def rollback() -> None:
        savepoint.rollback()

    with patch.multiple(cr, commit=commit, rollback=rollback):
        try:
            yield
        except BaseException:
            savepoint.close()
            raise
        savepoint.close(rollback=False)


class _SavepointWorks(Transactions):
    """``tx.run`` on the test's cursor, with a savepoint for each transaction."""

    follow_up_class = SavepointTransactions

    def __init__(self, env: Environment) -> None:
        super().__init__(env)
        self._env = env

    async def _call(self, call: Callable[[], Any]) -> Any:
        return await to_thread.run_sync(call)

    @contextmanager
    def _open(self, caller: Environment | None) -> Iterator[FollowUpTransactions]:
        uid, context, su = self._args
        env = self._env(user=uid, context=context, su=su)
        default_env = env.transaction.default_env
        env.transaction.default_env = env
        remember_errors(env.cr)
        try:
            with savepoints(env.cr):
                yield self.follow_up_class(env)
        finally:
            env.transaction.default_env = default_env


def savepoint_works(env: Annotated[Environment, Depends(odoo_env)]) -> Transactions:
    """Override of ``transactions``."""
    return _SavepointWorks(env)
