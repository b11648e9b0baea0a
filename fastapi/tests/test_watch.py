# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import gc
import logging
import threading
from types import SimpleNamespace
from unittest.mock import AsyncMock, Mock, patch

import psycopg2

from odoo.modules import Manifest
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, TransactionCase
from odoo.tests.test_cursor import TestCursor
from odoo.tools import mute_logger

from odoo.addons import fastapi

from .. import watch
from ..after_response import StreamBody
from ..watch import CREDENTIAL_INTERVAL, EventStream, Watch, Watched


class Body:
    """The stream of an app."""

    def __init__(self):
        self.application = SimpleNamespace(endpoint_id=1)
        self.reasons = []

    def cut(self, reason):
        self.reasons.append(reason)

    def close(self):
        """Nothing to close."""


class TestEventStream(BaseCase):
    def setUp(self):
        super().setUp()
        self.watch = Watch()
        self.registry = SimpleNamespace(db_name="no database has this name")

    def test_cut(self):
        body = Body()
        stream = EventStream(body, self.registry)
        self.watch.add(stream)
        self.addCleanup(self.watch.remove, stream)
        self.watch.check()
        self.assertEqual(body.reasons, ["The API does not exist any more."])

    def test_dropped_response(self):
        """werkzeug may drop a response without closing it."""
        body = Body()
        response = StreamBody(body, None, None)
        stream = EventStream(body, self.registry)
        response.on_close = lambda: self.watch.remove(stream)
        self.watch.add(stream)
        del body, response
        gc.collect()
        self.assertEqual(len(self.watch), 0)
        stream.close(1012, "The API has changed.")

    def test_failing_check(self):
        """The watch goes on."""
        calls, checked_again = [], threading.Event()

        def check():
            calls.append(1)
            if len(calls) == 1:
                raise RuntimeError("can't start new thread")
            checked_again.set()

        body = Body()
        stream = EventStream(body, self.registry)
        self.addCleanup(self.watch.remove, stream)
        with (
            patch.object(watch, "CHECK_INTERVAL", 0.01),
            patch.object(self.watch, "check", check),
            self.assertLogs("odoo.addons.fastapi.watch", logging.ERROR),
        ):
            self.watch.add(stream)
            self.assertTrue(checked_again.wait(10))


class Listener(Watched):
    """Keeps the codes that it is closed with."""

    def __init__(self, *args):
        super().__init__(*args)
        self.checked -= CREDENTIAL_INTERVAL
        self.codes = []

    def close(self, code, reason):
        self.codes.append(code)


class WatchCase(TransactionCase):
    def setUp(self):
        super().setUp()
        self.env["fastapi.endpoint"]._load_demo_data()
        endpoint = self.env.ref("fastapi.fastapi_endpoint_demo")
        self.app = SimpleNamespace(
            endpoint_id=endpoint.id,
            version=endpoint.app_version,
            uid=endpoint.user_id.id,
        )
        self.registry_enter_test_mode()
        self.watch = Watch()
        # only the test checks
        self.startPatcher(patch.object(Watch, "_watch", AsyncMock()))

    def listen(self, recheck):
        listener = Listener(self.app, self.registry, recheck)
        self.watch.add(listener)
        return listener


class TestUninstallation(WatchCase):
    def setUp(self):
        super().setUp()
        self.watch.on_uninstall = Mock()
        self.listeners = [self.listen(lambda env: True) for _ in range(3)]

    def codes(self):
        return [listener.codes for listener in self.listeners]

    def test_registry_without_the_addon(self):
        models = dict(self.registry.models)
        del models["fastapi.endpoint"]
        with (
            patch.object(self.registry, "models", models),
            self.assertNoLogs("odoo.addons.fastapi.watch"),
        ):
            self.watch.check()
        self.assertEqual(self.codes(), [[1012]] * 3)
        self.watch.on_uninstall.assert_called_once_with()

    def test_database_without_the_table(self):
        """Odoo commits that, loads the registry, and then tells other processes."""
        self.env.cr.execute("ALTER TABLE fastapi_endpoint RENAME TO fastapi_gone")
        with (
            self.assertNoLogs("odoo.sql_db"),
            self.assertNoLogs("odoo.addons.fastapi.watch", logging.WARNING),
        ):
            self.watch.check()
        self.assertEqual(self.codes(), [[]] * 3)
        self.watch.on_uninstall.assert_not_called()

    def test_hook_of_the_process_that_uninstalls(self):
        """It stops the apps of the registry that Odoo has replaced."""
        hook = getattr(fastapi, Manifest.for_addon("fastapi")["uninstall_hook"])
        apps = self.env["fastapi.endpoint"]._get_built_apps()
        self.startPatcher(patch.object(apps, "close"))
        hook(self.env)
        apps.close.assert_not_called()
        with patch.object(Registry, "registries", SimpleNamespace(snapshot={})):
            hook(self.env)
        apps.close.assert_called_once_with()


class TestCredentials(WatchCase):
    def check(self, recheck, *codes):
        """Check a caller among others; assert the codes of a closed connection."""
        others = [self.listen(lambda env: bool(env.user.name)) for _ in range(5)]
        listener = self.listen(recheck)
        revoked = [self.listen(lambda env: not env.user.name) for _ in range(5)]
        self.watch.check()
        self.assertEqual(listener.codes, [*codes])
        self.assertEqual([other.codes for other in others], [[]] * 5)
        self.assertEqual([other.codes for other in revoked], [[1008]] * 5)

    def test_valid(self):
        self.check(lambda env: True)
        self.check(None)

    def test_revoked(self):
        self.check(lambda env: False, 1008)

    def test_failure(self):
        def fail(env):
            raise ZeroDivisionError()

        with self.assertLogs("odoo.addons.fastapi.watch", logging.ERROR) as caught:
            self.check(fail, 1011)
        self.assertEqual(len(caught.records), 1)

    @mute_logger("odoo.sql_db")
    def test_failing_query(self):
        with self.assertLogs("odoo.addons.fastapi.watch", logging.ERROR):
            self.check(lambda env: env.cr.execute("SELECT nothing"), 1011)

    def test_refusal(self):
        """An error of the client is a refusal, as in a request."""

        def fail(env):
            return env["res.users"].sudo().browse(2**30).active  # was deleted

        with self.assertNoLogs("odoo.addons.fastapi.watch", logging.ERROR):
            self.check(fail, 1008)

    def test_database_is_busy(self):
        def fail(env):
            raise psycopg2.OperationalError("no connection for another cursor")

        with self.assertLogs("odoo.addons.fastapi.watch", logging.INFO):
            self.check(fail)

    def test_lost_database(self):
        """All wait until it is there again."""

        def fail(env):
            raise psycopg2.OperationalError("server closed the connection")

        listeners = [self.listen(fail) for _ in range(3)]
        lost = psycopg2.InterfaceError("connection already closed")
        with (
            patch.object(TestCursor, "rollback", side_effect=lost),
            self.assertLogs("odoo.addons.fastapi.watch", logging.INFO) as caught,
        ):
            self.watch.check()
        self.assertEqual(len(caught.records), 1)
        self.assertEqual([listener.codes for listener in listeners], [[]] * 3)
        for listener in listeners:
            listener.recheck = lambda env: False
        self.watch.check()
        self.assertEqual([listener.codes for listener in listeners], [[1008]] * 3)
