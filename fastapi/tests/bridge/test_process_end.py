# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import os
import subprocess
import sys
import unittest

from ..bridge_case import BridgeCase

PROCESS = """
import sys

sys.path[:0] = {path!r}
import odoo.addons

odoo.addons.__path__.append({addons!r})
from odoo.addons.fastapi.bridge.process_end import call_at_process_end

def fail():
    raise ValueError("on purpose")

call_at_process_end(print, "the end of all works")
call_at_process_end(fail)

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from fastapi import FastAPI
from odoo.addons.fastapi.bridge.lifespan import Lifespan

@asynccontextmanager
async def lifespan(app):
    yield
    await asyncio.to_thread(print, "to_thread")
    if await asyncio.get_running_loop().getaddrinfo("localhost", 80):
        print("getaddrinfo")
    ThreadPoolExecutor(1).submit(print, "a new executor").result()

Lifespan(FastAPI(lifespan=lifespan)).start()
Lifespan(FastAPI()).start()
"""


class TestProcessEnd(BridgeCase):
    @unittest.skipIf(
        (3, 12) <= sys.version_info < (3, 12, 3),
        "this Python starts no threads at its end",
    )
    def test_lifespan_uses_threads(self):
        root = os.path.abspath(os.path.join(__file__, *[os.pardir] * 4))
        code = PROCESS.format(path=sys.path, addons=root)
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/")
        self.assertEqual(
            done.stdout.splitlines(),
            ["to_thread", "getaddrinfo", "a new executor", "the end of all works"],
            done.stderr,
        )
        self.assertEqual(done.returncode, 0)
        self.assertIn("ValueError: on purpose", done.stderr)
