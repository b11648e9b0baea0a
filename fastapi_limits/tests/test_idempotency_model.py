# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Rows of keys, settings of endpoints, and apps without a request of Odoo."""

from datetime import datetime, timedelta
from typing import Annotated

import psycopg2
from fastapi import APIRouter, FastAPI, WebSocket

from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.fastapi.tests.common import FastAPITransactionCase

from .. import accept_idempotency_key, require_idempotency_key
from ..models import fastapi_idempotency_key

HEADER = "Idempotency-Key"

router = APIRouter()
calls = []


@router.post("/accepted", dependencies=[accept_idempotency_key()])
@router.post("/required", dependencies=[require_idempotency_key()])
def call() -> int:
    calls.append(1)
    return len(calls)


@router.websocket("/socket")
async def greet(
    websocket: WebSocket, _key: Annotated[None, require_idempotency_key()]
) -> None:
    await websocket.accept()
    await websocket.send_text("hello")
    await websocket.close()


class IdempotencyModelCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["fastapi.endpoint"]._load_demo_data()
        cls.endpoint = cls.env.ref("fastapi.fastapi_endpoint_demo")

    def make_rows(self, count, days):
        """Create rows that expire in a number of days."""
        now = datetime.now()
        return self.env["fastapi.idempotency.key"].create(
            [
                {
                    "endpoint_id": self.endpoint.id,
                    "digest": f"{days} {number}",
                    "key": f"key {number}",
                    "caller": "user 2",
                    "method": "POST",
                    "path": "/orders",
                    "fingerprint": "0",
                    "date": now - timedelta(days=1),
                    "expires": now + timedelta(days=days),
                }
                for number in range(count)
            ]
        )


@tagged("post_install", "-at_install")
class TestRows(IdempotencyModelCase):
    def test_expired_rows_are_removed_in_pieces(self):
        self.patch(fastapi_idempotency_key, "BATCH", 4)
        keys = self.env["fastapi.idempotency.key"]
        kept = self.make_rows(3, days=1)
        expired = self.make_rows(6, days=-1)
        self.assertEqual(keys._gc_expired(), (4, 1))
        self.assertEqual(len(expired.exists()), 2)
        self.assertEqual(keys._gc_expired(), (2, 0))
        self.assertFalse(expired.exists())
        self.assertEqual(len(kept.exists()), 3)
        self.assertEqual(keys._gc_expired(), (0, 0))

    def test_only_administrators_read_responses(self):
        row = self.make_rows(1, days=1)
        manager = new_test_user(
            self.env, "manager", groups="fastapi.group_fastapi_manager"
        )
        with self.assertRaises(AccessError):
            row.with_user(manager).read(["key"])
        row.with_user(self.env.ref("base.user_admin")).read(["key", "body"])

    def test_hours(self):
        for hours in (0, -1, 8761):
            with (
                self.subTest(hours),
                mute_logger("odoo.sql_db"),
                self.assertRaises(psycopg2.errors.CheckViolation),
                self.cr.savepoint(),
            ):
                self.endpoint.idempotency_hours = hours
                self.env.flush_all()

    def test_app_without_the_dependencies_of_its_endpoint(self):
        self.endpoint.idempotency = "accepted"
        app = FastAPI()
        self.endpoint._check_app(app)
        app.get("/orders")(call)
        with self.assertRaisesRegex(ValueError, "Set Idempotency-Key to Ignored"):
            self.endpoint._check_app(app)
        self.endpoint.idempotency = "ignored"
        self.endpoint._check_app(app)


@tagged("post_install", "-at_install")
class TestWithoutRequestOfOdoo(FastAPITransactionCase):
    default_fastapi_router = router

    def test_keys_are_checked_and_nothing_is_stored(self):
        with self._create_test_client() as client:
            self.assertEqual(client.post("/required").status_code, 400)
            response = client.post("/accepted", headers={HEADER: "a b"})
            self.assertEqual(response.status_code, 400)
            for path in ("/accepted", "/required"):
                first, second = (
                    client.post(path, headers={HEADER: "a"}) for _turn in range(2)
                )
                self.assertEqual(first.status_code, 200)
                self.assertNotEqual(first.json(), second.json())

    def test_websockets_need_no_key(self):
        with (
            self._create_test_client() as client,
            client.websocket_connect("/socket") as socket,
        ):
            self.assertEqual(socket.receive_text(), "hello")
