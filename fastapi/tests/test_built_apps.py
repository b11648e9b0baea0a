# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import sys
import threading
import weakref
from unittest.mock import patch

from .. import built_apps
from ..built_apps import BuiltApps
from ..exceptions import AppNotReadyError, StartTimeoutError
from .bridge_case import TIMEOUT, BridgeCase


class App:
    """Stands for an app of any kind."""


class TestBuiltApps(BridgeCase):
    def setUp(self):
        super().setUp()
        self.apps = BuiltApps()
        self.built = []

    def _build(self, version):
        """Return a function that builds an app from values of ``version``."""

        def build():
            app = App()
            self.built.append((version, app))
            return version, app

        return build

    def _get(self, endpoint_id, version, seen=None):
        return self.apps.get(endpoint_id, version, self._build(seen or version))

    def test_built_on_first_use(self):
        app = self._get(1, "v1")
        self.assertEqual(self.built, [("v1", app)])

    def test_built_once(self):
        app = self._get(1, "v1")
        self.assertIs(self._get(1, "v1"), app)
        self.assertEqual(len(self.built), 1)

    def test_one_for_each_endpoint(self):
        one, two = self._get(1, "v1"), self._get(2, "v1")
        self.assertIsNot(one, two)
        self.assertIs(self._get(1, "v1"), one)
        self.assertIs(self._get(2, "v1"), two)

    def test_built_once_by_concurrent_threads(self):
        count = 20
        barrier = threading.Barrier(count)
        # many changes of threads, to meet the moment between look-up and entry
        self.addCleanup(sys.setswitchinterval, sys.getswitchinterval())
        sys.setswitchinterval(1e-6)

        def get():
            seen = []
            for endpoint_id in range(100):
                barrier.wait(TIMEOUT)
                seen.append(self._get(endpoint_id, "v1"))
            return seen

        results = self.in_threads([get] * count)
        self.assertEqual(len(self.built), 100)
        for seen in zip(*results, strict=True):
            self.assertEqual(len(set(seen)), 1)

    def test_threads_wait_for_an_app_that_is_being_built(self):
        building, finish, asked = (threading.Event() for _event in range(3))

        def build():
            building.set()
            finish.wait(TIMEOUT)
            return self._build("v1")()

        def first():
            return self.apps.get(1, "v1", build)

        def second():
            building.wait(TIMEOUT)
            asked.set()
            return self._get(1, "v1")

        def release():
            asked.wait(TIMEOUT)
            finish.set()

        one, two, _none = self.in_threads([first, second, release])
        self.assertIs(one, two)
        self.assertEqual(len(self.built), 1)

    def test_failure_is_not_kept(self):
        def fail():
            raise ValueError("no app")

        for _attempt in range(2):
            with self.assertRaisesRegex(ValueError, "no app"):
                self.apps.get(1, "v1", fail)
        app = self._get(1, "v1")
        self.assertIs(self._get(1, "v1"), app)

    def test_app_asked_for_by_its_own_build(self):
        def build():
            self.apps.get(1, "v1", self._build("v1"))

        with self.assertRaisesRegex(RuntimeError, "requests the app itself"):
            self.apps.get(1, "v1", build)
        self.assertEqual(self.built, [])
        self.assertIsNotNone(self._get(1, "v1"))

    def test_other_endpoints_do_not_wait(self):
        building, finish = threading.Event(), threading.Event()

        def build():
            building.set()
            self.assertTrue(finish.wait(TIMEOUT), "waited for another endpoint")
            return self._build("v1")()

        def slow():
            return self.apps.get(1, "v1", build)

        def other():
            building.wait(TIMEOUT)
            app = self._get(2, "v1")
            finish.set()
            return app

        slow_app, other_app = self.in_threads([slow, other])
        self.assertIsNot(slow_app, other_app)

    def test_app_in_use_does_not_wait_for_a_build(self):
        old = self._get(1, "v1")
        building, finish = threading.Event(), threading.Event()

        def build():
            building.set()
            self.assertTrue(finish.wait(TIMEOUT), "waited for the next version")
            return self._build("v2")()

        def rebuild():
            return self.apps.get(1, "v2", build)

        def use():
            building.wait(TIMEOUT)
            app = self._get(1, "v1")
            finish.set()
            return app

        new, used = self.in_threads([rebuild, use])
        self.assertIs(used, old)
        self.assertIsNot(new, old)

    def test_other_version_is_rebuilt(self):
        old = self._get(1, "v1")
        new = self._get(1, "v2")
        self.assertIsNot(new, old)
        self.assertIs(self._get(1, "v2"), new)
        self.assertEqual([version for version, _app in self.built], ["v1", "v2"])

    def test_only_one_version_is_kept(self):
        old = weakref.ref(self._get(1, "v1"))
        self.built.clear()
        self._get(1, "v2")
        self.assertIsNone(old())

    def test_build_that_saw_another_version_is_not_kept(self):
        stale = self._get(1, "v2", seen="v1")
        self.assertEqual(self.built, [("v1", stale)])
        app = self._get(1, "v2")
        self.assertIsNot(app, stale)
        self.assertIs(self._get(1, "v2"), app)

    def test_build_that_saw_another_version_replaces_nothing(self):
        app = self._get(1, "v1")
        uncommitted = self._get(1, "v2", seen="v3")
        self.assertIsNot(uncommitted, app)
        self.assertIs(self._get(1, "v1"), app)

    def test_build_that_fails(self):
        def fail():
            raise ValueError("broken")

        with self.assertRaisesRegex(ValueError, "broken"):
            self.apps.get(1, "v1", fail)
        self.assertEqual(self._get(1, "v1"), self.built[0][1])

    def test_build_that_fails_leaves_the_app_in_use(self):
        def fail():
            raise ValueError("broken")

        app = self._get(1, "v1")
        with self.assertRaises(ValueError):
            self.apps.get(1, "v2", fail)
        self.assertIs(self._get(1, "v1"), app)

    def test_retain(self):
        apps = {number: self._get(number, "v1") for number in (1, 2, 3)}
        self.apps.retain([1, 3, 4])
        self.assertIs(self._get(1, "v1"), apps[1])
        self.assertIs(self._get(3, "v1"), apps[3])
        self.assertIsNot(self._get(2, "v1"), apps[2])

    def test_dropped_app_is_freed(self):
        dropped = weakref.ref(self._get(1, "v1"))
        self.built.clear()
        self.assertIsNotNone(dropped())
        self.apps.retain([])
        self.assertIsNone(dropped())

    def test_retain_while_an_app_is_built(self):
        def build():
            self.apps.retain([])
            return self._build("v1")()

        app = self.apps.get(1, "v1", build)
        self.assertIs(app, self.built[0][1])
        self._get(1, "v1")

    def test_requests_wait_for_a_build_for_some_time_only(self):
        building, finish = threading.Event(), threading.Event()

        def build():
            building.set()
            finish.wait(TIMEOUT)
            return self._build("v1")()

        def first():
            return self.apps.get(1, "v1", build)

        def second():
            building.wait(TIMEOUT)
            try:
                with self.assertRaisesRegex(AppNotReadyError, "still starting"):
                    self._get(1, "v1")
                return self._get(2, "v1")
            finally:
                finish.set()

        with patch.object(built_apps, "BUILD_WAIT", 0.1):
            app, other = self.in_threads([first, second])
        self.assertIsNotNone(other)
        self.assertIs(self._get(1, "v1"), app)

    def _hang(self, is_over=lambda: True):
        def build():
            raise StartTimeoutError(30, is_over)

        with self.assertRaises(StartTimeoutError):
            self.apps.get(1, "v1", build)

    def test_app_that_hung_is_not_tried_at_once(self):
        self._hang()
        with self.assertRaisesRegex(AppNotReadyError, "not started in time") as caught:
            self._get(1, "v1")
        self.assertEqual(caught.exception.retry_after, built_apps.HUNG_DELAY)
        self.assertEqual(self.built, [])
        self.assertIsNotNone(self._get(1, "v2"))  # the endpoint was written
        self.assertIsNotNone(self._get(2, "v1"))

    def test_app_that_hung_is_tried_again(self):
        with patch.object(built_apps, "HUNG_DELAY", 0):
            self._hang()
        self.assertIsNotNone(self._get(1, "v1"))

    def test_app_that_still_hangs_is_not_tried_again(self):
        over = []
        with patch.object(built_apps, "HUNG_DELAY", 0):
            self._hang(lambda: bool(over))
        with self.assertRaises(AppNotReadyError):
            self._get(1, "v1")
        over.append(True)
        self.assertIsNotNone(self._get(1, "v1"))

    def test_closed(self):
        dropped = weakref.ref(self._get(1, "v1"))
        self.built.clear()
        self.apps.close()
        self.assertIsNone(dropped())
        self.assertIsNot(self._get(1, "v1"), self._get(1, "v1"))
