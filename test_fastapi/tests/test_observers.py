# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from unittest.mock import patch

from odoo.http import Response, _dispatchers

from .common import FastapiHttpCase


class Observer:
    """Keeps what the dispatcher has told it."""

    def __init__(self):
        self.told = []

    def ran(self, scope, exc):
        self.told.append(("ran", scope["path"], type(exc).__name__))

    def built(self, response):
        self.told.append(("built", response.status_code))

    def dispatched(self, response):
        self.told.append(("dispatched", response.status_code))

    def failed(self, exc, response):
        traceback = "a traceback" if exc.__traceback__ else "no traceback"
        self.told.append(("failed", response.status_code, traceback))


class TestObservers(FastapiHttpCase):
    def told(self, path, status):
        """Return what an observer learns of a request."""
        observer = Observer()
        dispatcher = _dispatchers["fastapi"]
        pre_dispatch = dispatcher.pre_dispatch

        def observe(dispatcher, rule, args):
            dispatcher.observers.append(observer)
            return pre_dispatch(dispatcher, rule, args)

        with patch.object(dispatcher, "pre_dispatch", observe):
            self.assertEqual(self.get(path).status_code, status)
        return observer.told

    def test_response(self):
        path = "/test/identity"
        self.assertEqual(
            self.told(path, 200),
            [("ran", path, "NoneType"), ("built", 200), ("dispatched", 200)],
        )

    def test_response_of_an_override_of_dispatch(self):
        def dispatch(dispatcher, endpoint, args):
            original(dispatcher, endpoint, args)
            return Response("replaced", 202)

        path, original = "/test/identity", _dispatchers["fastapi"].dispatch
        with patch.object(_dispatchers["fastapi"], "dispatch", dispatch):
            told = self.told(path, 202)
        self.assertEqual(told[1:], [("built", 200), ("dispatched", 202)])

    def test_exception_of_a_handler(self):
        path = "/test/raising/error/http"
        self.assertEqual(
            self.told(path, 409),
            [
                ("ran", path, "HTTPException"),
                ("built", 409),
                ("failed", 409, "a traceback"),
            ],
        )

    def test_exception_from_outside(self):
        self.mute("odoo.http", "odoo.addons.fastapi.fastapi_dispatcher")
        with patch.object(
            type(self.env["fastapi.endpoint"]), "get_app", side_effect=KeyError
        ):
            self.assertEqual(
                self.told("/test/identity", 500), [("failed", 500, "a traceback")]
            )
