# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Methods and attributes of the dispatcher that other addons override and read."""

import io
from contextlib import contextmanager
from unittest.mock import patch

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request

from odoo.exceptions import ConcurrencyError, UserError
from odoo.http import Response, _dispatchers
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.fastapi.context import odoo_env_ctx
from odoo.addons.fastapi.mounts import Mount

from .common import FastapiHttpCase

#: Status of errors in the override.
STATUS = 451
STATUS_LINE = "451 Unavailable For Legal Reasons"


def make_override(base, calls, states, user):
    """Return a dispatcher that records its calls and changes every result.

    :param calls: list for the name and the arguments of each call
    :param states: list for the public attributes after each request
    :param user: id of the user to run the handlers as
    """

    class Override(base):
        def dispatch(self, endpoint, args):
            calls.append(("dispatch", endpoint, args))
            try:
                response = super().dispatch(endpoint, args)
                response.headers["X-Dispatch"] = "overridden"
                return response
            finally:
                exc = self.inner_exception
                states.append((self.status, self.headers, exc))
                # removed after the request
                calls.append(("traceback", exc and exc.__traceback__ is not None))

        def handle_error(self, exc):
            calls.append(("handle_error", exc))
            response = super().handle_error(exc)
            response.status_code = STATUS
            response.headers["X-Error"] = type(exc).__name__
            return response

        def _get_environ(self):
            calls.append(("_get_environ",))
            environ = super()._get_environ()
            environ["HTTP_X_ADDED"] = "by the override"
            return environ

        def _make_response(self, status_mapping, headers_tuple, content=None):
            calls.append(("_make_response", status_mapping, headers_tuple, content))
            headers = [*headers_tuple, ("X-Made", status_mapping)]
            return super()._make_response(status_mapping, headers, content)

        @contextmanager
        def _manage_odoo_env(self, uid=None):
            calls.append(("_manage_odoo_env", uid))
            with super()._manage_odoo_env(uid):
                token = odoo_env_ctx.set(odoo_env_ctx.get()(user=user))
                try:
                    yield
                finally:
                    odoo_env_ctx.reset(token)

    return Override


def make_replacing(base):
    """Return a dispatcher that replaces the body of the request."""

    class Replacing(base):
        def _get_environ(self):
            environ = super()._get_environ()
            body = environ["wsgi.input"].read().replace(b"secret", b"public")
            environ["wsgi.input"] = io.BytesIO(body)
            return environ

    return Replacing


class TestDispatcher(FastapiHttpCase):
    def setUp(self):
        super().setUp()
        base = _dispatchers["fastapi"]
        self.addCleanup(_dispatchers.__setitem__, "fastapi", base)
        self.calls = []
        self.states = []
        self.other = new_test_user(
            self.env, "other@test", "test_fastapi.group_test_runner"
        )
        override = make_override(base, self.calls, self.states, self.other.id)
        self.assertIs(_dispatchers["fastapi"], override)

    def pop_calls(self):
        """Return the arguments of the calls by name; expect at most one of each."""
        calls = {name: args for name, *args in self.calls}
        self.assertEqual(len(calls), len(self.calls), self.calls)
        self.calls.clear()
        return calls

    def pop_state(self):
        (state,) = self.states
        self.states.clear()
        return state

    def test_overrides_of_a_response(self):
        response = self.get("/test/identity?x=1")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.headers["X-Dispatch"], "overridden")
        self.assertEqual(response.headers["X-Made"], "200 OK")
        self.assertEqual(response.json()["uid"], self.other.id)

        calls = self.pop_calls()
        endpoint, args = calls.pop("dispatch")
        self.assertIsInstance(endpoint, Mount)
        self.assertEqual(endpoint.endpoint_id, self.endpoint.id)
        self.assertEqual(args, {"application_path": "identity"})
        self.assertEqual(calls.pop("_get_environ"), [])
        self.assertEqual(calls.pop("_manage_odoo_env"), [self.runner.id])
        status, headers, content = calls.pop("_make_response")
        self.assertEqual(status, "200 OK")
        self.assertIn(("content-type", "application/json"), headers)
        self.assertIsNone(content)
        self.assertEqual(calls.pop("traceback"), [None])
        self.assertFalse(calls)

        status, headers, exception = self.pop_state()
        self.assertEqual(status, "200")
        self.assertIn(("content-type", "application/json"), headers)
        self.assertIn(("X-Made", "200 OK"), headers)
        self.assertIsNone(exception)

    def test_override_changes_the_environ(self):
        response = self.get("/test/request", headers={"X-Sent": "by the client"})
        headers = response.json()["headers"]
        self.assertIn(["x-added", "by the override"], headers)
        self.assertIn(["x-sent", "by the client"], headers)

    def test_override_replaces_the_body(self):
        override = make_replacing(_dispatchers["fastapi"])
        self.assertIs(_dispatchers["fastapi"], override)
        response = self.post(
            "/test/form", data={"name": "secret"}, files={"file": b"content"}
        )
        self.assertEqual(response.json()["name"], "public")

    def test_overrides_of_an_error(self):
        response = self.post("/test/items?name=x&error=user")
        self.assertEqual(response.status_code, STATUS)
        self.assertEqual(response.json(), {"detail": "refused"})
        self.assertEqual(response.headers["X-Error"], "UserError")
        self.assertEqual(response.headers["X-Made"], STATUS_LINE)
        # the override of dispatch lets the exception pass, as it must
        self.assertNotIn("X-Dispatch", response.headers)

        calls = self.pop_calls()
        self.assertEqual(calls["_manage_odoo_env"], [self.runner.id])
        (handled,) = calls["handle_error"]
        status, headers, exc_info = calls["_make_response"]
        self.assertEqual(status, STATUS_LINE)
        self.assertIn(("x-error", "UserError"), headers)
        self.assertIs(exc_info[0], UserError)
        self.assertIs(exc_info[1], handled)

        status, headers, exception = self.pop_state()
        self.assertEqual(status, str(STATUS))
        self.assertIn(("X-Made", STATUS_LINE), headers)
        self.assertIs(exception, handled)
        self.assertEqual(exception.args, ("refused",))
        self.assertEqual(calls["traceback"], [True])
        self.assertIsNone(exception.__traceback__)

    @mute_logger("odoo.http")
    def test_overrides_of_an_error_before_the_app(self):
        """Odoo refuses a body over the limit before it calls the app."""
        self.env["ir.config_parameter"].set_param("web.max_file_upload_size", "10")
        response = self.post("/test/body", data=b"x" * 11)
        self.assertEqual(response.status_code, STATUS)
        self.assertEqual(response.headers["X-Error"], "RequestEntityTooLarge")
        self.assertEqual(response.headers["X-Made"], STATUS_LINE)
        self.assertEqual(self.pop_state(), ("", [], None))
        names = [name for name, *_args in self.calls]
        self.assertEqual(
            names,
            [
                *("dispatch", "_get_environ", "traceback"),
                # the response to the exception
                *("_get_environ", "_manage_odoo_env", "handle_error", "_make_response"),
            ],
        )

    def test_override_responds_itself(self):
        class Closed(_dispatchers["fastapi"]):
            def dispatch(self, endpoint, args):
                return Response("closed today", status=503)

        response = self.get("/test/identity")
        self.assertEqual(response.status_code, 503)
        self.assertEqual(response.text, "closed today")
        self.assertEqual(self.calls, [])

    def test_odoo_parses_no_form_before_a_replay(self):
        """Some versions of werkzeug refuse a form of more than 10 MB, already read."""
        dispatcher = _dispatchers["fastapi"]
        original = dispatcher.dispatch
        attempts = []

        def dispatch(self, endpoint, args):
            response = original(self, endpoint, args)
            attempts.append(response.status_code)
            if len(attempts) == 1:
                raise ConcurrencyError("on purpose")
            return response

        form = {"name": "x" * 100}
        with (
            patch.object(dispatcher, "dispatch", dispatch),
            patch.object(
                Request, "make_form_data_parser", side_effect=RequestEntityTooLarge
            ),
        ):
            response = self.call("POST", "/test/method", data=form)
        self.assertEqual((response.status_code, attempts), (200, [200, 200]))
