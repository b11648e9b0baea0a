# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Dependency overrides of the guards of files (``frontend`` of an app or a router)."""

import tempfile
import unittest
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException

from ...app.lazy_routes import SharedRouters
from ...app.prepare import EndpointFastAPI, copy_app, prepare_app
from .routes_case import OverridesCase, branch, leaf


def guard(value: Annotated[str, Depends(leaf)]):
    """Refuse the request, and tell the value of ``leaf``."""
    raise HTTPException(403, value)


@unittest.skipUnless(hasattr(FastAPI, "frontend"), "older versions have none")
class TestFrontends(OverridesCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        Path(folder.name, "a.txt").write_text("a file")
        self.router = APIRouter(dependencies=[Depends(guard)])
        self.router.frontend("/", directory=folder.name)
        self.folder = folder.name

    def make_apps(self):
        """Return apps that have the files in different ways."""
        own = EndpointFastAPI(dependencies=[Depends(guard)])
        own.frontend("/", directory=self.folder)
        included, nested = EndpointFastAPI(), EndpointFastAPI()
        included.include_router(self.router)
        outer = APIRouter()
        outer.include_router(self.router)
        nested.include_router(outer)
        return {
            "own": own,
            "copied": copy_app(own),
            "included": included,
            "nested": nested,
            "copied with a router": copy_app(included),
        }

    def get_guarded(self, app):
        result = self.call(app, "/a.txt")
        self.assertEqual(result.code, 403, result.body)
        return result.body

    def test_overrides(self):
        def fake(value: Annotated[str, Depends(branch)]):
            return f"fake of {value}"

        fake.not_below = (branch,)
        for name, app in self.make_apps().items():
            with self.subTest(name):
                app.dependency_overrides[leaf] = fake
                prepare_app(app)
                self.assertIn(b"fake of branch of leaf", self.get_guarded(app))
                app.dependency_overrides[leaf] = lambda: "new"
                self.assertIn(b"new", self.get_guarded(app))
                app.get("/other")(fake)  # the routes are prepared again
                self.assertIn(b"new", self.get_guarded(app))
                app.dependency_overrides.clear()
                self.assertIn(b"leaf", self.get_guarded(app))
                app.dependency_overrides[guard] = leaf
                self.assertEqual(self.call(app, "/a.txt").body, b"a file")

    def test_apps_that_share_a_router(self):
        def first():
            return "first"

        def second():
            return "second"

        routers = SharedRouters()
        apps = []
        for override in (first, first, second):
            app = EndpointFastAPI()
            app.include_router(self.router)
            app.dependency_overrides[leaf] = override
            prepare_app(app, routers)
            apps.append(app)
        for _number in range(2):
            for app, value in zip(apps, (b"first", b"first", b"second"), strict=True):
                self.assertIn(value, self.get_guarded(app))
            apps[1].dependency_overrides[leaf] = first
        apps[0].dependency_overrides[leaf] = second
        for app, value in zip(apps, (b"second", b"first", b"second"), strict=True):
            self.assertIn(value, self.get_guarded(app))
