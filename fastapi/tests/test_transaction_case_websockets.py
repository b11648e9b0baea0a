# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=translation-required
import asyncio
import threading
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, WebSocket, WebSocketDisconnect
from starlette.testclient import WebSocketDenialResponse

from odoo.api import Environment
from odoo.exceptions import UserError
from odoo.tools import mute_logger

from ..dependencies import (
    authenticated_partner_impl,
    odoo_env,
    optionally_authenticated_partner_impl,
    transactions,
)
from ..exceptions import NoTransactionError
from ..transactions import Transactions
from .common import FastAPITransactionCase

Env = Annotated[Environment, Depends(odoo_env)]
Tx = Annotated[Transactions, Depends(transactions)]

router = APIRouter()
rooms = {}


def create(env, name):
    return env["res.partner"].create({"name": name}).id


@router.websocket("/echo")
async def echo(websocket: WebSocket, env: Env):
    lang = env.context.get("lang")
    await websocket.accept(subprotocol="b")
    async for text in websocket.iter_text():
        await websocket.send_json([text, lang])


@router.websocket("/refuse")
async def refuse(websocket: WebSocket, env: Env):
    create(env, "test before accept")
    raise HTTPException(418, "no tea")


@router.websocket("/close-first")
async def close_first(websocket: WebSocket, env: Env):
    create(env, "test before accept")
    await websocket.close(1008, "not here")


@router.websocket("/fail-first")
async def fail_first(websocket: WebSocket, env: Env):
    create(env, "test before accept")
    raise ZeroDivisionError("on purpose")


@router.websocket("/invalid-first")
async def invalid_first(websocket: WebSocket, env: Env):
    env.user.partner_id.name = False
    await websocket.accept()


@router.websocket("/fail-later")
async def fail_later(websocket: WebSocket, env: Env):
    create(env, "test before accept")
    await websocket.accept()
    await websocket.receive_text()
    raise ZeroDivisionError("on purpose")


@router.websocket("/return")
async def return_(websocket: WebSocket):
    await websocket.accept()


@router.websocket("/late-query")
async def late_query(websocket: WebSocket, env: Env):
    await websocket.accept()
    env["res.partner"].search([], limit=1)


@router.websocket("/works")
async def works(websocket: WebSocket, tx: Tx):
    def work(env, name):
        partner = env["res.partner"].create({"name": f"test {name}"})
        if name == "fail":
            raise UserError("on purpose")
        threads.append(threading.current_thread())
        return partner.id

    threads = []
    await websocket.accept()
    async for name in websocket.iter_text():
        try:
            await websocket.send_json(await tx.run(work, name))
        except UserError as err:
            await websocket.send_json(str(err))


@router.get("/work")
async def work_in_request(tx: Tx) -> int:
    return await tx.run(create, "test work")


@router.websocket("/room/{name}")
async def room(websocket: WebSocket, name: str):
    await websocket.accept()
    members = rooms.setdefault(name, [])
    members.append(websocket)
    try:
        async for text in websocket.iter_text():
            for member in members:
                await member.send_text(text)
    finally:
        members.remove(websocket)


@router.websocket("/ticks")
async def ticks(websocket: WebSocket):
    await websocket.accept()

    async def tick():
        for number in range(3):
            await asyncio.sleep(0)
            await websocket.send_json(
                [number, threading.current_thread() is threading.main_thread()]
            )

    ticking = asyncio.create_task(tick())
    try:
        await websocket.receive()
    finally:
        ticking.cancel()


class WebSocketCase(FastAPITransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.default_fastapi_router = router

    def _names(self):
        partners = self.env["res.partner"].search([("name", "=like", "test %")])
        return partners.mapped("name")

    def _served(self):
        return self._create_test_client(raise_server_exceptions=False)

    def _each_mode(self, test):
        for raises in (True, False):
            with (
                self.subTest(raise_server_exceptions=raises),
                self._create_test_client(raise_server_exceptions=raises) as client,
            ):
                test(client)


class TestWebSockets(WebSocketCase):
    def test_echo(self):
        @self._each_mode
        def _test(client):
            headers = {"Accept-Language": "en"}
            with client.websocket_connect("/echo", ["a", "b"], headers=headers) as ws:
                self.assertEqual(ws.accepted_subprotocol, "b")
                ws.send_text("hello")
                self.assertEqual(ws.receive_json(), ["hello", "en_US"])

    def test_refusal(self):
        @self._each_mode
        def _test(client):
            with self.assertRaises(WebSocketDenialResponse) as caught:
                with client.websocket_connect("/refuse"):
                    self.fail("accepted")
            self.assertEqual(caught.exception.status_code, 418)
            self.assertEqual(caught.exception.json(), {"detail": "no tea"})

    def test_refusal_is_rolled_back(self):
        for path in ("/refuse", "/fail-first"):
            with self._served() as client, self.assertRaises(WebSocketDenialResponse):
                with client.websocket_connect(path), mute_logger("odoo.http"):
                    self.fail("accepted")
            self.assertEqual(self._names(), [], path)

    def test_close_before_accept(self):
        @self._each_mode
        def _test(client):
            with self.assertRaises(WebSocketDisconnect) as caught:
                with client.websocket_connect("/close-first"):
                    self.fail("accepted")
            self.assertEqual(caught.exception.code, 1008)

    def test_exception_before_accept(self):
        with self._create_test_client() as client:
            with self.assertRaisesRegex(ZeroDivisionError, "on purpose"):
                with client.websocket_connect("/fail-first"):
                    self.fail("accepted")
        with self._served() as client:
            with self.assertRaises(WebSocketDenialResponse) as caught:
                with client.websocket_connect("/fail-first"):
                    self.fail("accepted")
        self.assertEqual(caught.exception.status_code, 500)
        self.assertEqual(caught.exception.json(), {"detail": "Internal Server Error"})

    def test_exception_after_accept(self):
        with self._create_test_client() as client:
            with self.assertRaisesRegex(ZeroDivisionError, "on purpose"):
                with client.websocket_connect("/fail-later") as ws:
                    ws.send_text("go")
                    ws.receive_text()
        with self._served() as client:
            with client.websocket_connect("/fail-later") as ws:
                with (
                    self.assertLogs("odoo.http", "ERROR") as logs,
                    self.assertRaises(WebSocketDisconnect) as caught,
                ):
                    ws.send_text("go")
                    ws.receive_text()
        self.assertEqual(caught.exception.code, 1011)
        self.assertEqual(len(logs.records), 1)
        self.assertIn("WebSocket /fail-later: ZeroDivisionError", logs.output[0])
        # what was done before accept is committed
        self.assertEqual(self._names(), ["test before accept"] * 2)

    def test_app_that_returns(self):
        @self._each_mode
        def _test(client):
            with client.websocket_connect("/return") as ws:
                with self.assertRaises(WebSocketDisconnect) as caught:
                    ws.receive_text()
                self.assertEqual(caught.exception.code, 1000)

    def test_environment_of_the_handshake_after_accept(self):
        with self._create_test_client() as client:
            with self.assertRaisesRegex(NoTransactionError, "tx.run"):
                with client.websocket_connect("/late-query") as ws:
                    ws.receive_text()

    def test_works(self):
        @self._each_mode
        def _test(client):
            with client.websocket_connect("/works") as ws:
                ws.send_text("a")
                partner = self.env["res.partner"].browse(ws.receive_json())
                self.assertEqual(partner.name, "test a")
                ws.send_text("fail")
                self.assertEqual(ws.receive_json(), "on purpose")
                self.assertNotIn("test fail", self._names())

    def test_work_in_a_request(self):
        @self._each_mode
        def _test(client):
            partner = self.env["res.partner"].browse(client.get("/work").json())
            self.assertEqual(partner.name, "test work")

    def test_two_sessions(self):
        with self._create_test_client() as client:
            with (
                client.websocket_connect("/room/x") as first,
                client.websocket_connect("/room/x") as second,
            ):
                first.send_text("hi")
                self.assertEqual(second.receive_text(), "hi")
                self.assertEqual(first.receive_text(), "hi")
            self.assertEqual(rooms["x"], [])

    def test_tasks_run_on_the_thread_of_the_test(self):
        with self._create_test_client() as client:
            with client.websocket_connect("/ticks") as ws:
                received = [ws.receive_json() for _number in range(3)]
        self.assertEqual(received, [[0, True], [1, True], [2, True]])

    def test_partner(self):
        partner = self.env["res.partner"].create({"name": "caller"})
        found = []
        protected = APIRouter()

        @protected.websocket("/who")
        async def who(
            websocket: WebSocket,
            partner: Annotated[Any, Depends(authenticated_partner_impl)],
            optional: Annotated[Any, Depends(optionally_authenticated_partner_impl)],
        ):
            found.append((partner, optional))
            await websocket.accept()

        with self._create_test_client(router=protected, partner=partner) as client:
            with client.websocket_connect("/who"):
                self.assertEqual(found, [(partner, partner)])
