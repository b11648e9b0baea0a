# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Exceptions in an app and in Odoo: what middleware and overrides see of them."""

import logging
import traceback
from contextlib import suppress
from unittest.mock import patch

from requests import RequestException

from odoo.http import _dispatchers
from odoo.tools import mute_logger

from odoo.addons.test_fastapi.routers.raising import ERRORS, seen

from .common import FastapiHttpCase

ORIGIN = "https://shop.example"


# pylint: disable=missing-return  # it takes classes in tests for tests
class TestExceptions(FastapiHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_endpoint("/seen", app="test_middleware")

    def setUp(self):
        super().setUp()
        seen.clear()
        base = _dispatchers["fastapi"]
        self.addCleanup(_dispatchers.__setitem__, "fastapi", base)

    def _names(self):
        self.env.invalidate_all()
        return self.env["test.fastapi.item"].search([]).mapped("name")

    # middleware

    def test_middleware_sees_an_unhandled_exception_once(self):
        with self.assertLogs(level="WARNING") as logs:
            response = self.get("/seen/raising/error/bare")
        self.assertEqual(response.status_code, 500)
        self.assertEqual(response.json(), {"detail": "Internal Server Error"})
        self.assertEqual(seen, ["called", ERRORS["bare"], 500])
        (record,) = logs.records
        self.assertEqual(record.levelno, logging.ERROR)
        self.assertIs(record.exc_info[1], ERRORS["bare"])
        frames = [frame.name for frame in traceback.extract_tb(record.exc_info[2])]
        self.assertEqual(frames[-1], "raise_error")

    def test_middleware_sees_the_response_to_a_handled_exception(self):
        for name, status in (("http", 409), ("user", 400)):
            with self.assertNoLogs(level="WARNING"):
                response = self.get(f"/seen/raising/error/{name}")
            self.assertEqual(response.status_code, status)
        self.assertEqual(seen, ["called", 409, "called", 400])

    def test_teardown_with_middleware_that_sends_chunks(self):
        response = self.post("/seen/raising/teardown?name=a&fail=0")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.headers["Content-Encoding"], "gzip")
        self.assertCountEqual(self._names(), ["a", "a torn down"])
        response = self.post("/seen/raising/teardown?name=b")
        self.assertEqual(response.status_code, 400)
        self.assertEqual(response.json(), {"detail": "teardown failed"})
        self.assertCountEqual(self._names(), ["a", "a torn down"])
        self.assertEqual(seen, ["called", 200, "called", 400])

    def test_error_at_flush_is_handled_without_a_second_call(self):
        with self.assertNoLogs(level="WARNING"):
            response = self.post("/seen/raising/flush?name=a")
        self.assertEqual(response.status_code, 400)
        self.assertEqual(response.json(), {"detail": "Quantity -1 is negative."})
        self.assertEqual(seen, ["called", 400])
        self.assertEqual(self._names(), [])
        self.assertEqual(self.post("/seen/raising/flush?name=a&quantity=1").ok, True)
        self.assertEqual(self._names(), ["a"])

    # attributes that remain on an exception

    def _assert_bare(self, exc):
        """Check that nothing of a finished request remains on an exception."""
        self.opener.close()
        self._wait_remaining_requests()
        self.assertIsNone(exc.__traceback__)
        self.assertFalse({"error_response", "loglevel", "exc_info"} & {*vars(exc)})
        for cause in (exc.__cause__, exc.__context__):
            self.assertIsNone(cause and cause.__traceback__)

    def test_instance_in_many_requests(self):
        for name, status in (
            *(("http", 409), ("user", 400), ("bare", 500)),
            *(("frozen", 500), ("own", 500), ("picky", 500)),
        ):
            sizes = set()
            for kind in ("error", "caused"):
                for _time in range(3):
                    with (
                        self.subTest(name, kind=kind),
                        self.assertLogs(level="DEBUG") as logs,
                    ):
                        response = self.get(f"/test/raising/{kind}/{name}")
                        self.assertEqual(response.status_code, status)
                    errors = [
                        record
                        for record in logs.records
                        if record.levelno >= logging.WARNING
                    ]
                    self.assertEqual(len(errors), status // 500)
                    for record in errors:
                        frames = traceback.extract_tb(record.exc_info[2])
                        sizes.add((kind, len(frames)))
            self.assertLessEqual(len(sizes), 2, sizes)  # tracebacks do not grow
            self._assert_bare(ERRORS[name])

    def test_instance_in_streams_and_tasks(self):
        logger = "odoo.addons.fastapi.after_response"
        for kind in ("stream", "task"):
            frames = set()
            for _time in range(3):
                with self.subTest(kind), self.assertLogs(logger, "ERROR") as logs:
                    with suppress(RequestException):
                        self.get(f"/test/raising/{kind}/bare")
                    self._assert_bare(ERRORS["bare"])
                    frames.add(logs.output[0].count("File "))
            self.assertEqual(len(frames), 1, frames)

    def test_instance_at_flush(self):
        for name, status in (("http", 409), ("frozen", 500), ("own", 500)):
            for _time in range(2):
                with (
                    self.subTest(name),
                    mute_logger("odoo.http"),
                ):
                    response = self.post(
                        f"/test/raising/precommit?name={name}",
                        headers={"Origin": ORIGIN},
                    )
                    self.assertEqual(response.status_code, status)
                    self.assertIn("Access-Control-Allow-Origin", response.headers)
            self._assert_bare(ERRORS[name])

    def test_instance_at_commit(self):
        """Odoo itself would store the response on the exception."""
        for name, status in (("http", 409), ("user", 400), ("frozen", 500)):
            for headers in ({}, {"Origin": ORIGIN}, {}):
                with self.subTest(name), mute_logger("odoo.http"):
                    response = self.post(
                        f"/test/raising/postcommit?name={name}", headers=headers
                    )
                    self.assertEqual(response.status_code, status)
                    self.assertEqual(
                        response.headers.get("Access-Control-Allow-Origin"),
                        headers.get("Origin"),
                    )
        self.assertEqual(self._names(), [])

    def test_conflict_in_every_attempt(self):
        with (
            patch("odoo.service.model.MAX_TRIES_ON_CONCURRENCY_FAILURE", 2),
            patch("odoo.service.model.time.sleep"),
            self.assertLogs("odoo.http", "ERROR") as logs,
        ):
            response = self.get("/seen/raising/error/conflict")
        self.assertEqual(response.status_code, 500)
        self.assertEqual(response.json(), {"detail": "Internal Server Error"})
        self.assertEqual(len(logs.records), 1)
        error = ERRORS["conflict"]
        # two attempts of Odoo, then one for the response
        calls = ["called", error] * 2
        self.assertEqual(seen[:4], calls)
        self.assertEqual(seen.count("called"), 3)
        self._assert_bare(error)

    # headers

    def test_headers_attribute_of_another_type_is_ignored(self):
        for name, status in (("upstream", 500), ("text headers", 400)):
            with self.subTest(name), mute_logger("odoo.http"):
                response = self.get(f"/test/raising/error/{name}")
                self.assertEqual(response.status_code, status)
                self.assertNotIn("Set-Cookie", response.headers)
                self.assertTrue(response.json()["detail"])

    # overrides of other addons

    def test_override_sets_headers_of_an_exception(self):
        class Logging(_dispatchers["fastapi"]):
            def dispatch(self, endpoint, args):
                try:
                    return super().dispatch(endpoint, args)
                except Exception as exc:
                    headers = dict(getattr(exc, "headers", None) or {})
                    exc.headers = {**headers, "X-Log-Entry": "7"}
                    raise exc

        http_error = vars(ERRORS["http"])
        self.addCleanup(http_error.update, headers=http_error["headers"])
        for name, status in (
            ("http", 409),
            ("user", 400),
            ("bare", 500),
            ("upstream", 500),
        ):
            for _time in range(2):
                with self.subTest(name), mute_logger("odoo.http"):
                    response = self.get(
                        f"/test/raising/error/{name}", headers={"Origin": ORIGIN}
                    )
                    self.assertEqual(response.status_code, status)
                    self.assertEqual(response.headers["X-Log-Entry"], "7")
                    self.assertNotIn("Set-Cookie", response.headers)
                    self.assertEqual("headers" in vars(ERRORS[name]), name == "http")
                    self.assertIn("Access-Control-Allow-Origin", response.headers)

    def test_override_asks_for_the_response(self):
        """A request log does so: the response is sent with the headers it adds."""

        class Logging(_dispatchers["fastapi"]):
            def dispatch(self, endpoint, args):
                try:
                    return super().dispatch(endpoint, args)
                except Exception as exc:
                    response = self.request.registry["ir.http"]._handle_error(exc)
                    response.headers["X-Log-Entry"] = str(response.status_code)
                    raise

        for name, status in (("http", 409), ("user", 400), ("bare", 500)):
            with self.subTest(name), mute_logger("odoo.http"):
                seen.clear()
                response = self.get(f"/seen/raising/error/{name}")
                self.assertEqual(response.status_code, status)
                self.assertEqual(response.headers["X-Log-Entry"], str(status))
                self.assertEqual(seen.count("called"), 1)

    def test_override_asks_for_the_response_to_a_conflict(self):
        """The response to a conflict doesn't prevent the replay."""

        class Logging(_dispatchers["fastapi"]):
            def dispatch(self, endpoint, args):
                try:
                    return super().dispatch(endpoint, args)
                except Exception as exc:
                    statuses.append(
                        self.request.registry["ir.http"]._handle_error(exc).status_code
                    )
                    raise

        statuses = []
        with (
            patch("odoo.service.model.MAX_TRIES_ON_CONCURRENCY_FAILURE", 2),
            patch("odoo.service.model.time.sleep"),
            mute_logger("odoo.http"),
        ):
            response = self.get("/seen/raising/error/conflict")
        self.assertEqual(response.status_code, 500)
        self.assertEqual(statuses, [500, 500])
        self.assertEqual(seen.count("called"), 3)

    @mute_logger("odoo.http")
    def test_override_raises_another_exception(self):
        class Replacing(_dispatchers["fastapi"]):
            def dispatch(self, endpoint, args):
                try:
                    return super().dispatch(endpoint, args)
                except ZeroDivisionError as exc:
                    raise ERRORS["user"] from exc

        response = self.get("/test/raising/error/bare")
        self.assertEqual(response.status_code, 400)
        self.assertEqual(response.json(), {"detail": "refused"})

    def test_override_handles_the_error_itself(self):
        class Own(_dispatchers["fastapi"]):
            def dispatch(self, endpoint, args):
                try:
                    return super().dispatch(endpoint, args)
                except Exception as exc:
                    return self.request.make_json_response(str(exc), status=418)

        response = self.get("/test/raising/error/bare")
        self.assertEqual((response.status_code, response.json()), (418, "secret"))
