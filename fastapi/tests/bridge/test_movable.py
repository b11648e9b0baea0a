# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A coroutine moves from one loop to another."""

import asyncio
import gc
import threading
from contextvars import ContextVar
from inspect import CORO_CLOSED, CORO_SUSPENDED, getcoroutinestate
from weakref import ref

import anyio

from odoo.tests import BaseCase

from ...bridge.loops import borrow_loop
from ...bridge.movable import Movable
from ...bridge.shared_loop import get_shared_loop
from ..bridge_case import TIMEOUT

VARIABLE: ContextVar[str] = ContextVar("VARIABLE", default="outside")


class TestMovable(BaseCase):
    def step(self, movable):
        """Step a coroutine on a loop of its own."""

        async def step():
            await movable

        with borrow_loop() as loop:
            loop.run_until_complete(step())

    def step_on_shared_loop(self, movable):
        async def step():
            await movable

        future = asyncio.run_coroutine_threadsafe(step(), get_shared_loop())
        return future.result(TIMEOUT)

    def test_moves(self):
        log = []

        async def work():
            for _part in range(3):
                await asyncio.sleep(0.001)
                loop = asyncio.get_running_loop()
                log.append((threading.get_ident(), loop, asyncio.current_task()))
                await movable.move()

        coroutine = work()
        movable = Movable(coroutine)
        self.step(movable)
        self.step_on_shared_loop(movable)
        self.assertEqual(getcoroutinestate(coroutine), CORO_SUSPENDED)
        self.step(movable)
        self.step(movable)
        self.assertEqual(getcoroutinestate(coroutine), CORO_CLOSED)
        threads, _loops, tasks = zip(*log, strict=True)
        self.assertEqual(threads[0], threads[2])
        self.assertNotEqual(threads[0], threads[1])
        self.assertIs(log[1][1], get_shared_loop())
        self.assertEqual(len(set(tasks)), 3)

    def test_context_moves(self):
        values = []

        async def work():
            token = VARIABLE.set("inside")
            await asyncio.sleep(0)
            await movable.move()
            values.append(VARIABLE.get())
            values.append(await asyncio.create_task(self.read()))
            VARIABLE.reset(token)
            values.append(VARIABLE.get())

        movable = Movable(work())
        self.step(movable)
        self.assertEqual(VARIABLE.get(), "outside")
        self.step_on_shared_loop(movable)
        self.assertEqual(values, ["inside", "inside", "outside"])

    async def read(self):
        return VARIABLE.get()

    def test_exceptions(self):
        async def fail():
            await movable.move()
            raise ZeroDivisionError

        coroutine = fail()
        movable = Movable(coroutine)
        self.step(movable)
        with self.assertRaises(ZeroDivisionError):
            self.step_on_shared_loop(movable)
        self.assertEqual(getcoroutinestate(coroutine), CORO_CLOSED)

    def test_cancel(self):
        log = []

        async def work():
            await movable.move()
            try:
                await asyncio.sleep(TIMEOUT)
            except asyncio.CancelledError:
                log.append("cancelled")
                await asyncio.sleep(0)  # cleanup may wait
                log.append("cleaned up")
                raise

        async def cancel():
            task = asyncio.create_task(self.wait_for(movable))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait({task})
            return task.cancelled()

        movable = Movable(work())
        self.step(movable)
        with borrow_loop() as loop:
            self.assertTrue(loop.run_until_complete(cancel()))
        self.assertEqual(log, ["cancelled", "cleaned up"])

    async def wait_for(self, movable):
        await movable

    def test_anyio_after_the_move(self):
        async def work():
            await movable.move()
            threads = [threading.get_ident()]
            with anyio.move_on_after(0.001) as scope:
                await anyio.sleep(TIMEOUT)
            async with anyio.create_task_group() as group:
                group.start_soon(anyio.sleep, 0)
            threads.append(await anyio.to_thread.run_sync(threading.get_ident))
            results.append((scope.cancelled_caught, threads[0] != threads[1]))

        results = []
        movable = Movable(work())
        self.step(movable)
        self.step_on_shared_loop(movable)
        self.assertEqual(results, [(True, True)])

    def test_another_task_can_not_move_it(self):
        async def work():
            await asyncio.create_task(movable.move())

        movable = Movable(work())
        with self.assertRaisesRegex(RuntimeError, "in the task that serves"):
            self.step(movable)

    def test_cancel_scopes_move(self):
        """FastAPI opens one for dependencies with ``yield``."""
        results = []

        async def work():
            with anyio.CancelScope() as outer, anyio.CancelScope(shield=True) as inner:
                await movable.move()
                await anyio.sleep(0)
                async with anyio.create_task_group() as group:
                    group.start_soon(anyio.sleep, 0)
                inner.cancel()
                await anyio.sleep(TIMEOUT)
            results.append((inner.cancelled_caught, outer.cancelled_caught))
            await anyio.sleep(0)

        movable = Movable(work())
        self.step(movable)
        self.step_on_shared_loop(movable)
        self.assertEqual(results, [(True, False)])

    def test_deadline_moves(self):
        results = []

        async def work():
            with anyio.move_on_after(0.05) as scope:
                await movable.move()
                await anyio.sleep(TIMEOUT)
            results.append(scope.cancelled_caught)
            with anyio.move_on_after(0) as scope:
                await movable.move()
                await anyio.sleep(TIMEOUT)
            results.append(scope.cancelled_caught)

        movable = Movable(work())
        self.step(movable)
        self.step_on_shared_loop(movable)
        self.step(movable)
        self.assertEqual(results, [True, True])

    def test_task_group_moves_without_tasks(self):
        results = []

        async def work(early):
            async with anyio.create_task_group() as group:
                if early:
                    group.start_soon(anyio.sleep, TIMEOUT)
                await movable.move()
                group.start_soon(append)
            results.append("end")

        async def append():
            results.append("task")

        movable = Movable(work(early=False))
        self.step(movable)
        self.step_on_shared_loop(movable)
        self.assertEqual(results, ["task", "end"])
        movable = Movable(work(early=True))
        with self.assertRaises(Exception) as caught:  # an ExceptionGroup
            self.step(movable)
        self.assertIn("start them afterwards", str(caught.exception.exceptions[0]))

    def test_nothing_is_left(self):
        class Value:
            pass

        async def work(value):
            await holder[0].move()
            raise ValueError(value)

        value = Value()
        movable = Movable(work(value))
        holder = [movable]
        self.step(movable)
        with self.assertRaises(ValueError):
            self.step(movable)
        found = ref(value)
        gc.disable()
        self.addCleanup(gc.enable)
        del value, movable, holder[:]
        self.assertIsNone(found())
