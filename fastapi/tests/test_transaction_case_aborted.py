# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``FastAPITransactionCase``: swallowed database errors, and contexts of tasks."""

from collections.abc import Iterator
from contextlib import suppress
from contextvars import ContextVar
from typing import Annotated, Any

import psycopg2
from fastapi import APIRouter, BackgroundTasks, Depends, HTTPException, UploadFile
from fastapi.responses import StreamingResponse

from odoo.api import Environment
from odoo.tools import mute_logger

from ..dependencies import odoo_env
from ..exceptions import AbortedTransactionError
from .common import FastAPITransactionCase

LOGGER = "odoo.addons.fastapi.after_response"
#: Bytes of an upload that lies in a temporary file: Starlette keeps 1 MiB in memory.
ON_DISK = 2 * 1024 * 1024

Env = Annotated[Environment, Depends(odoo_env)]

router = APIRouter()
found: list[Any] = []
correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")


def divide(env: Environment) -> None:
    with suppress(psycopg2.Error), mute_logger("odoo.sql_db"):
        env.cr.execute("SELECT 1 / 0")


@router.post("/swallow")
def swallow(env: Env, name: str, error: bool = False) -> None:
    env["res.partner"].create({"name": name})
    env.flush_all()
    divide(env)
    if error:
        raise HTTPException(409, "refused")


@router.post("/savepoint")
def swallow_in_savepoint(env: Env, name: str) -> None:
    env["res.partner"].create({"name": name})
    with suppress(psycopg2.Error), mute_logger("odoo.sql_db"), env.cr.savepoint():
        env.cr.execute("SELECT 1 / 0")


@router.get("/stream")
def swallow_in_stream(env: Env) -> StreamingResponse:
    def chunks() -> Iterator[str]:
        yield "first"
        divide(env)
        yield "last"

    return StreamingResponse(chunks())


@router.post("/task")
def swallow_in_task(env: Env, tasks: BackgroundTasks, name: str) -> None:
    tasks.add_task(divide, env)
    tasks.add_task(env["res.partner"].create, {"name": name})


@router.post("/upload")
async def upload(file: UploadFile, tasks: BackgroundTasks) -> None:
    async def read() -> None:
        content = await file.read()
        found.append((correlation_id.get(), len(content), file.file.closed))

    found.append(file.file)
    correlation_id.set("handler")
    tasks.add_task(read)


@router.post("/pending")
def leave_pending(env: Env, code: str, swallow: bool = False) -> int:
    env["res.country"].search([("code", "=", "BE")]).code = code
    if swallow:
        divide(env)
    return env.transaction.default_env.uid


class AbortedCase(FastAPITransactionCase):
    default_fastapi_router = router

    def call(self, method, path, served=True, **arguments):
        with self._create_test_client(raise_server_exceptions=not served) as client:
            return client.request(method, path, **arguments)

    def partners(self, name):
        return self.env["res.partner"].search_count([("name", "=", name)])


class TestBothModes(AbortedCase):
    def test_uploads_and_context_of_tasks(self):
        for served in (True, False):
            for size in (10, ON_DISK):
                with self.subTest(served=served, size=size):
                    found.clear()
                    files = {"file": b"x" * size}
                    response = self.call("POST", "/upload", served, files=files)
                    self.assertEqual(response.status_code, 200)
                    file, seen = found
                    self.assertEqual(seen, ("handler", size, False))
                    self.assertTrue(file.closed)

    def test_savepoints_are_fine(self):
        for served in (True, False):
            with self.subTest(served=served):
                name = f"saved {served}"
                path = f"/savepoint?name={name}"
                response = self.call("POST", path, served)
                self.assertEqual(response.status_code, 200)
                self.assertEqual(self.partners(name), 1)

    def test_cursor_is_as_it_was(self):
        before = type(self.env.cr)
        self.call("POST", "/savepoint?name=x")
        self.assertIs(type(self.env.cr), before)


class TestServed(AbortedCase):
    def test_swallowed_error(self):
        response = self.call("POST", "/swallow?name=lost")
        self.assertEqual(response.status_code, 500)
        self.assertEqual(response.json(), {"detail": "Internal Server Error"})
        self.assertEqual(self.partners("lost"), 0)

    def test_swallowed_error_and_http_exception(self):
        response = self.call("POST", "/swallow?name=lost&error=true")
        self.assertEqual(response.status_code, 409)
        self.assertEqual(self.partners("lost"), 0)

    def test_stream(self):
        with self.assertLogs(LOGGER, "ERROR") as logs:
            self.call("GET", "/stream")
        self.assertIn("division by zero", logs.output[0])

    def test_task(self):
        with self.assertLogs(LOGGER, "ERROR") as logs:
            response = self.call("POST", "/task?name=other")
        self.assertEqual(response.status_code, 200)
        self.assertIn("division by zero", logs.output[0])
        self.assertEqual(self.partners("other"), 1)


class TestRaising(AbortedCase):
    def test_swallowed_error(self):
        with self.assertRaisesRegex(AbortedTransactionError, "division by zero"):
            self.call("POST", "/swallow?name=lost", served=False)

    def test_swallowed_error_and_http_exception(self):
        with self.env.cr.savepoint() as savepoint:
            response = self.call("POST", "/swallow?name=x&error=true", served=False)
            savepoint.rollback()
        self.assertEqual(response.status_code, 409)

    @mute_logger("odoo.sql_db")
    def test_pending_changes(self):
        with self.assertRaises(psycopg2.errors.UniqueViolation):
            response = self.call("POST", "/pending?code=FR", served=False)
            self.fail(f"The server would not respond {response.status_code}")

    def test_pending_changes_are_those_of_the_handler(self):
        self.default_fastapi_running_user = user = self.env.ref("base.user_admin")
        response = self.call("POST", "/pending?code=XX", served=False)
        self.assertEqual((response.status_code, response.json()), (200, user.id))
        self.env.cr.execute("SELECT COUNT(*) FROM res_country WHERE code = 'XX'")
        self.assertEqual(self.env.cr.fetchone(), (1,))

    def test_pending_changes_after_a_swallowed_error(self):
        path = "/pending?code=FR&swallow=true"
        with self.assertRaisesRegex(AbortedTransactionError, "division by zero"):
            self.call("POST", path, served=False)
