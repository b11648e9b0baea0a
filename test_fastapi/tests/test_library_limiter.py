# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import shutil
import subprocess
import tempfile
import unittest

from .library_case import LibraryCase, on_each_server
from .servers import TIMEOUT, free_port


class TestLimiter(LibraryCase):
    distribution = "fastapi-limiter"
    library = "library_limiter.set_up"

    @on_each_server
    def test_limited_routes(self, served):
        for path in ("/async", "/sync"):
            responses = [served.get(path) for _call in range(3)]
            self.assertEqual([r.status_code for r in responses], [200, 200, 429])
            self.assertEqual(responses[-1].json(), {"detail": "Too Many Requests"})
        self.assertEqual(served.get("/free").json(), "free")


class TestLimiterRedis(LibraryCase):
    distribution = "fastapi-limiter"
    library = "library_limiter.set_up_redis"

    @classmethod
    def setUpClass(cls):
        program = shutil.which("redis-server")
        if not program:
            raise unittest.SkipTest("redis-server is not installed")
        port = free_port()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        redis = subprocess.Popen(
            [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
            cwd=folder.name,
            stdout=subprocess.PIPE,
            text=True,
        )
        cls.addClassCleanup(redis.stdout.close)
        cls.addClassCleanup(redis.wait, TIMEOUT)
        cls.addClassCleanup(redis.terminate)
        for line in redis.stdout:
            if "Ready to accept connections" in line:
                break
        cls.variables = {"REDIS_URL": f"redis://127.0.0.1:{port}/0"}
        super().setUpClass()

    @on_each_server
    def test_limited_routes(self, served):
        for path in ("/async", "/sync"):
            responses = [served.get(path) for _call in range(3)]
            self.assertEqual([r.status_code for r in responses], [200, 200, 429])

    def test_counts_survive_a_rebuild_of_the_app(self):
        _uvicorn, odoo = self.apps
        status = [odoo.get("/kept").status_code for _call in range(2)]
        self.first.rpc("fastapi.endpoint", "write", self.created, {"name": "Other"})
        status.append(odoo.get("/kept").status_code)
        self.assertEqual(status, [200, 200, 429])
