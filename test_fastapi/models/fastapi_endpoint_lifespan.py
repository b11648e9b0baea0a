# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Apps that hang at start or stop, and apps that refer to their registry."""

import asyncio
import logging
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse

from odoo import fields, models
from odoo.api import Environment
from odoo.sql_db import db_connect

from odoo.addons.fastapi import built_apps
from odoo.addons.fastapi.bridge import lifespan as lifespan_module
from odoo.addons.fastapi.transactions import Transactions

from ..routers.headers import router as headers_router
from ..routers.registries import OutOfTea, get_greeting, router

_logger = logging.getLogger(__name__)

#: Environment variable: seconds that replace all time limits of lifespans.
LIMIT = "TEST_FASTAPI_LIFESPAN_LIMIT"
#: Advisory lock of PostgreSQL: lifespans hang while another session holds it.
LOCK = 4711

if LIMIT in os.environ:
    limit = float(os.environ[LIMIT])
    built_apps.BUILD_WAIT = built_apps.HUNG_DELAY = limit
    lifespan_module.START_TIMEOUT = limit


def _wait_for_lock(dbname: str) -> None:
    with db_connect(dbname).cursor() as cr:
        cr.execute("SELECT pg_advisory_lock_shared(%s)", (LOCK,))
        cr.execute("SELECT pg_advisory_unlock_shared(%s)", (LOCK,))


def _save_item(env: Environment, name: str) -> None:
    env["test.fastapi.item"].sudo().create({"name": name})


def _create_item(env: Environment) -> None:
    """Create an item, and wait for the lock before the commit."""
    env["test.fastapi.item"].sudo().create({"name": "lifespan"}).flush_recordset()
    env.cr.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"  # pylint: disable=consider-merging-classes-inherited

    app = fields.Selection(
        selection_add=[("test_lifespan", "Test of lifespans and registries")],
        ondelete={"test_lifespan": "cascade"},
    )

    def _prepare_fastapi_app_params(self):
        params = super()._prepare_fastapi_app_params()
        if self.app == "test_lifespan":
            # a bound method of the endpoint refers to the registry
            endpoint, dbname, title = self, self.env.cr.dbname, self.name
            hangs, main = self.description, threading.main_thread()
            tx = Transactions(self.env)

            @asynccontextmanager
            async def lifespan(app: FastAPI) -> AsyncIterator[None]:
                if hangs == "start":
                    _wait_for_lock(dbname)
                elif hangs == "work":
                    app.state.work = asyncio.create_task(tx.run(_create_item))
                yield
                if hangs == "saving":
                    thread = await asyncio.to_thread(threading.current_thread)
                    await tx.run(_save_item, f"saved, {thread is not main}")
                    await asyncio.get_running_loop().getaddrinfo("localhost", 80)
                    await tx.run(_save_item, "saved again")
                elif hangs == "stop":
                    await run_in_threadpool(_wait_for_lock, dbname)
                elif hangs == "blocking stop":
                    _wait_for_lock(dbname)
                _logger.info("The lifespan of %s ends, %s", title, endpoint)

            params["lifespan"] = lifespan
        return params

    def _get_fastapi_routers(self) -> list[APIRouter]:
        routers = super()._get_fastapi_routers()
        if self.app == "test_lifespan":
            routers += [headers_router, router]
        return routers

    def _get_app_dependencies_overrides(self):
        overrides = super()._get_app_dependencies_overrides()
        if self.app == "test_lifespan":
            overrides[get_greeting] = self._test_greet
        return overrides

    def _get_app_exception_handlers(self):
        handlers = super()._get_app_exception_handlers()
        if self.app == "test_lifespan":
            handlers[OutOfTea] = self._test_apologize
        return handlers

    def _get_fastapi_app_middlewares(self) -> list[Middleware]:
        middleware = super()._get_fastapi_app_middlewares()
        if self.app == "test_lifespan":
            middleware.append(Middleware(BaseHTTPMiddleware, dispatch=self._test_pass))
        return middleware

    def _test_greet(self) -> str:
        return f"hello from {self.id}"

    def _test_apologize(self, request: Request, exc: Exception) -> JSONResponse:
        return JSONResponse({"sorry": self.id}, 418)

    async def _test_pass(self, request: Request, call_next):
        return await call_next(request)
