# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import asyncio
import threading
from unittest.mock import patch

from odoo.api import SUPERUSER_ID, Environment
from odoo.modules.registry import DummyRLock, Registry
from odoo.tests import BaseCase, get_db_name

from ..bridge.shared_loop import shared_threads
from ..transactions import Transactions

KEY = "test.transactions"


class SharedLoop(asyncio.SelectorEventLoop):
    """Stands for ``bridge.shared_loop``."""

    is_shared = True


class TransactionsCase(BaseCase):
    """On real cursors, with real commits."""

    def setUp(self):
        super().setUp()
        self.registry = release_registries(self)
        self.addCleanup(self._delete)
        with self.registry.cursor() as cr:
            self.tx = Transactions(Environment(cr, SUPERUSER_ID, {"lang": "en_US"}))
        self.loop = SharedLoop()
        self.addCleanup(self.loop.close)
        shared_threads.add(threading.get_ident())
        self.addCleanup(shared_threads.discard, threading.get_ident())

    def _delete(self):
        with self.registry.cursor() as cr:
            env = Environment(cr, SUPERUSER_ID, {})
            env["ir.config_parameter"].search([("key", "=like", f"{KEY}%")]).unlink()

    def _run(self, *args, **kwargs):
        return self.loop.run_until_complete(self.tx.run(*args, **kwargs))

    def _value(self, key=KEY):
        with self.registry.cursor() as cr:
            cr.execute("SELECT value FROM ir_config_parameter WHERE key = %s", [key])
            row = cr.fetchone()
            return row and row[0]


def release_registries(case):
    """Let other threads use registries, as Odoo's test mode does.

    Odoo's own runner holds the lock of all registries while it runs tests.

    Return the registry of the tests.
    """
    case.startPatcher(patch.object(Registry, "_lock", DummyRLock()))
    return get_current_registry(get_db_name())


def get_current_registry(dbname):
    """Return the registry of this process, which a transaction need not reload.

    Tests of servers signal that the addons have changed. Odoo could not reload the
    registry here, as its own loader has not started these tests.
    """
    registry = Registry(dbname)
    with registry.cursor() as cr:
        registry.registry_sequence, _caches = registry.get_sequences(cr)
    return registry


def set_param(env, value, key=KEY):
    env["ir.config_parameter"].set_param(key, value)
