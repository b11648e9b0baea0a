# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The documented configuration of Caddy, with a worker and an evented server."""

import http.client
import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from .nginx import HOST
from .servers import TIMEOUT, free_port, wait_until_it_listens
from .websocket_case import WebSocketCase

CONF = Path(__file__).parents[2] / "docs" / "Caddyfile"
CADDY = shutil.which("caddy")
#: Without encryption, which would need a certificate.
OPTIONS = "{\n admin off\n auto_https off\n}\n"
FORGED = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Prefix": "/evil"}


@unittest.skipUnless(CONF.exists(), "not in the repository")
@unittest.skipUnless(CADDY, "caddy is not installed")
class TestCaddy(WebSocketCase):
    options = {"workers": 1, "proxy_mode": True}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        wait_until_it_listens(cls.first.gevent_port)
        cls.port = free_port()
        text = CONF.read_text(encoding="utf-8")
        for old, new in (
            (f"\n{HOST} {{", f"\nhttp://{HOST}:{cls.port} {{"),
            ("127.0.0.1:8069", f"127.0.0.1:{cls.first.port}"),
            ("127.0.0.1:8072", f"127.0.0.1:{cls.first.gevent_port}"),
        ):
            if text.count(old) != 1:
                raise ValueError(f"{CONF.name} has {old!r} {text.count(old)} times")
            text = text.replace(old, new)
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        Path(folder.name, "Caddyfile").write_text(OPTIONS + text, encoding="utf-8")
        caddy = subprocess.Popen(
            [CADDY, "run"],
            cwd=folder.name,
            env={**os.environ, "HOME": folder.name},
            stderr=subprocess.DEVNULL,
        )
        cls.addClassCleanup(caddy.wait, TIMEOUT)
        cls.addClassCleanup(caddy.terminate)
        wait_until_it_listens(cls.port)

    def setUp(self):
        super().setUp()
        self.create_endpoint(self.first, "/w")

    def test_requests(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, TIMEOUT)
        self.addCleanup(connection.close)
        headers = {"Host": f"{HOST}:{self.port}", **FORGED}
        connection.request("GET", "/w/request", headers=headers)
        response = json.load(connection.getresponse())
        self.assertEqual(response["url_for"], f"http://{HOST}:{self.port}/w/method")

    def test_websocket(self):
        site = f"{HOST}:{self.port}"
        client = self.open(
            "/w/ws/url",
            port=self.port,
            host=site,
            origin=f"http://{site}",
            header=FORGED,
        )
        self.assertEqual(client.recv_json(), f"ws://{site}/w/ws/url")
        self.assertEqual(client.ask("x"), "x")
