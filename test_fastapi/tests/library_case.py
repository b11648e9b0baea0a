# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A small app with a third-party library, on Odoo's server and on uvicorn.

Each server is a separate process: some libraries patch FastAPI, and all keep their
state in the process.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import requests

from .server_case import ServerCase
from .servers import TIMEOUT, free_port

#: Environment variable: the folder for files from an app to its test.
FOLDER = "FASTAPI_LIBRARY_FOLDER"

_ROUTERS = Path(__file__).parents[1] / "routers"
_ROOT_PATH = "/library"
#: Runs ``set_up`` on uvicorn; the modules of the apps don't import Odoo.
_UVICORN = """
import runpy, sys
import uvicorn
from fastapi import FastAPI

path, function, port = sys.argv[1:]
app = FastAPI(title="Library")
runpy.run_path(path)[function](app)
uvicorn.run(app, host="127.0.0.1", port=int(port), lifespan="on")
"""


def start_redis(test_class: type[Any]) -> str:
    """Start a Redis server for the tests of a class, and return its URL.

    The class gets ``stop_redis``, to stop it before the end of the class.

    :raises unittest.SkipTest: there is no ``redis-server``
    """
    program = shutil.which("redis-server")
    if not program:
        raise unittest.SkipTest("redis-server is not installed")
    port = free_port()
    folder = tempfile.TemporaryDirectory()
    test_class.addClassCleanup(folder.cleanup)
    redis = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
        cwd=folder.name,
        stdout=subprocess.PIPE,
        text=True,
    )

    def stop() -> None:
        redis.terminate()
        redis.wait(TIMEOUT)

    test_class.addClassCleanup(redis.stdout.close)
    test_class.addClassCleanup(stop)
    test_class.stop_redis = staticmethod(stop)
    for line in redis.stdout:
        if "Ready to accept connections" in line:
            break
    return f"redis://127.0.0.1:{port}/0"


class Served:
    """The app on one of the servers.

    :param name: the server's name
    :param address: URL of the app, without a trailing slash
    :param prefix: the app's root path on this server
    :param folder: holds the files from the app to its test
    """

    def __init__(self, name: str, address: str, prefix: str, folder: Path) -> None:
        self.name = name
        self.address = address
        self.prefix = prefix
        self.folder = folder

    def call(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        return requests.request(
            method, f"{self.address}{path}", timeout=TIMEOUT, **kwargs
        )

    def get(self, path: str, **kwargs: Any) -> requests.Response:
        return self.call("GET", path, **kwargs)

    def post(self, path: str, **kwargs: Any) -> requests.Response:
        return self.call("POST", path, **kwargs)

    def burst(
        self, method: str, path: str, count: int = 32, **kwargs: Any
    ) -> list[requests.Response]:
        """Send requests, eight at a time."""
        with ThreadPoolExecutor(8) as pool:
            calls = [
                pool.submit(self.call, method, path, **kwargs) for _call in range(count)
            ]
            return [call.result() for call in calls]

    def read_lines(self, name: str) -> list[str]:
        """Return the lines of a file that the app wrote."""
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []

    def read_json(self, name: str) -> list[Any]:
        return [json.loads(line) for line in self.read_lines(name)]


def on_each_server(
    test: Callable[[Any, Served], None],
) -> Callable[[Any], None]:
    """Run a test on uvicorn, as the reference, and on Odoo."""

    @functools.wraps(test)
    def run(self: LibraryCase) -> None:
        for served in self.apps:
            with self.subTest(served.name):
                test(self, served)

    return run


class LibraryCase(ServerCase):
    """Serves an app that uses a library as the library's documentation says."""

    #: The distribution; the tests are skipped without it.
    distribution = ""
    #: Module and function in ``routers`` that set the app up.
    library = ""
    #: Environment variables to add to those of the servers.
    variables: dict[str, str] = {}

    apps: tuple[Served, ...]

    @classmethod
    def setUpClass(cls) -> None:
        for distribution in (cls.distribution, "uvicorn"):
            try:
                version(distribution)
            except PackageNotFoundError as err:
                raise unittest.SkipTest(f"{distribution} is not installed") from err
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        folders = {name: Path(folder.name, name) for name in ("uvicorn", "Odoo")}
        for path in folders.values():
            path.mkdir()
        cls.options = {
            **cls.options,
            "variables": {**cls.variables, FOLDER: str(folders["Odoo"])},
        }
        super().setUpClass()
        port = cls._start_uvicorn(folders["uvicorn"])
        cls.apps = (
            Served("uvicorn", f"http://127.0.0.1:{port}", "", folders["uvicorn"]),
            Served(
                "Odoo",
                f"http://127.0.0.1:{cls.first.port}{_ROOT_PATH}",
                _ROOT_PATH,
                folders["Odoo"],
            ),
        )

    @classmethod
    def _start_uvicorn(cls, folder: Path) -> int:
        """Start uvicorn with the app, and return its port."""
        port = free_port()
        module, function = cls.library.split(".")
        process = subprocess.Popen(
            [sys.executable, "-c", _UVICORN]
            + [str(_ROUTERS / f"{module}.py"), function, str(port)],
            env={**os.environ, **cls.variables, FOLDER: str(folder)},
            cwd=folder,  # must not hold a folder `fastapi`
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        log: list[str] = []
        ready = threading.Event()

        def read_log() -> None:
            for line in process.stderr:
                log.append(line)
                if "Uvicorn running on" in line:
                    ready.set()
            ready.set()

        reader = threading.Thread(target=read_log, daemon=True)
        reader.start()
        # called in reverse: the reader ends when the process does
        cls.addClassCleanup(process.stderr.close)
        cls.addClassCleanup(reader.join, TIMEOUT)
        cls.addClassCleanup(process.wait, TIMEOUT)
        cls.addClassCleanup(process.terminate)
        if not ready.wait(TIMEOUT) or process.poll() is not None:
            raise RuntimeError("uvicorn did not start:\n" + "".join(log))
        return port

    def setUp(self) -> None:
        super().setUp()
        self.create_endpoint(
            self.first,
            _ROOT_PATH,
            name="Library",
            app="test_library",
            test_library=self.library,
        )


class RedisLibraryCase(LibraryCase):
    """Serves an app that uses a library and Redis, at ``REDIS_URL``."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.variables = {"REDIS_URL": start_redis(cls)}
        super().setUpClass()
        # before Odoo warns of processes that the tests have left
        cls.addClassCleanup(cls.stop_redis)
