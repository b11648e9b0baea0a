# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import os
import threading
from typing import Any

import sentry_sdk
from fastapi import BackgroundTasks, FastAPI, HTTPException

last = threading.local()


class Trouble(Exception):
    pass


def report_once(event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any] | None:
    """Drop an error that Odoo logs if the app's middleware has reported it.

    Sentry remembers its last report in a context variable. Odoo logs outside the app's
    context, on the same thread.
    """
    error = hint["exc_info"][1] if hint.get("exc_info") else None
    reported = vars(last).pop("error", None)
    if "log_record" not in hint:
        last.error = error
    elif error is not None and error is reported:
        return None
    return event


def set_up(app: FastAPI) -> None:
    sentry_sdk.init(
        dsn=os.environ["SENTRY_DSN"],
        traces_sample_rate=1.0,
        send_default_pii=True,
        before_send=report_once,
        # the collector of the test reads plain text
        _experiments={"transport_compression_level": 0},
    )

    @app.get("/async/{number}")
    async def fail_async(number: int) -> None:
        raise Trouble(f"async {number}")

    @app.get("/sync/{number}")
    def fail_sync(number: int) -> None:
        raise Trouble(f"sync {number}")

    @app.get("/http")
    def refuse() -> None:
        raise HTTPException(404, "refused")

    @app.get("/message")
    async def message() -> str:
        sentry_sdk.capture_message("a message")
        return "sent"

    @app.get("/task")
    def task(tasks: BackgroundTasks) -> str:
        tasks.add_task(fail)
        return "later"

    @app.get("/flush")
    def flush() -> None:
        sentry_sdk.flush()


def fail() -> None:
    raise Trouble("in a task")
