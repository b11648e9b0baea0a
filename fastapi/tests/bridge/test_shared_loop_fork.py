# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import os
import subprocess
import sys

from ..bridge_case import BridgeCase

FORK = """
import asyncio, os, sys, threading

sys.path[:0] = {path!r}
import odoo.addons

odoo.addons.__path__.append({addons!r})
from odoo.addons.fastapi.bridge import get_shared_loop
from odoo.addons.fastapi.bridge.lifespan import Lifespan
from fastapi import FastAPI
from contextlib import asynccontextmanager

async def forever():
    try:
        await asyncio.Event().wait()
    finally:
        print("task ends", os.getpid() == parent)

@asynccontextmanager
async def lifespan(app):
    app.task = asyncio.create_task(forever())
    yield
    print("stops", os.getpid() == parent)

def turn(loop):
    return asyncio.run_coroutine_threadsafe(asyncio.sleep(0, "turns"), loop).result(9)

parent = os.getpid()
app = FastAPI(lifespan=lifespan)
Lifespan(app).start()
loop = get_shared_loop()
child = os.fork()
if child:
    _pid, status = os.waitpid(child, 0)
    print("child", status)
    print(turn(loop), get_shared_loop() is loop)
else:
    print(turn(get_shared_loop()), get_shared_loop() is loop)
    import gc
    gc.collect()
sys.stdout.flush()
"""


class TestFork(BridgeCase):
    def test_child_has_a_loop_of_its_own_and_nothing_of_the_parent(self):
        root = os.path.abspath(os.path.join(__file__, *[os.pardir] * 4))
        code = FORK.format(path=sys.path, addons=root)
        # since Python 3.12, a fork of a process with threads is a warning
        command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/")
        self.assertEqual(done.stderr, "")
        self.assertEqual(
            done.stdout.splitlines(),
            ["turns False", "child 0", "turns True", "stops True", "task ends True"],
        )
