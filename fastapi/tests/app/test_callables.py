# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Sync handlers and dependencies: on the request's thread, or a worker's."""

import json
import threading
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException

from ...app.prepare import prepare_app
from ...bridge import on_shared_loop
from ..bridge_case import BridgeCase


class TestCallables(BridgeCase):
    def setUp(self):
        super().setUp()
        self.app = FastAPI()
        self.ended = []

        def get_thread():
            return threading.current_thread()

        def open_resource():
            opened = threading.current_thread()
            try:
                yield opened
            except ValueError as err:
                self.ended.append(str(err))
                raise HTTPException(418) from err
            self.ended.append(threading.current_thread())

        @self.app.get("/")
        def handler(
            thread: Annotated[threading.Thread, Depends(get_thread)],
            opened: Annotated[threading.Thread, Depends(open_resource)],
            error: str = "",
        ) -> list[bool]:
            if error:
                raise ValueError(error)
            self.threads = [thread, opened, threading.current_thread()]
            return [thread.daemon for thread in self.threads]

        prepare_app(self.app)

    def test_request_has_one_thread(self):
        self.call(self.app)
        self.assertEqual(self.threads + self.ended, [threading.current_thread()] * 4)

    def test_shared_loop_has_worker_threads(self):
        result = self.call(on_shared_loop(self.app))
        self.assertEqual(json.loads(result.body), [True] * 3)
        for thread in self.threads + self.ended:
            self.assertIn("AnyIO", thread.name)

    def test_errors(self):
        for app in (self.app, on_shared_loop(self.app)):
            result = self.call(app, query="error=cause")
            self.assertEqual(result.code, 418)
            self.assertEqual(self.ended.pop(), "cause")
