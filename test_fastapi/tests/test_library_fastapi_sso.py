# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import requests

from .library_case import LibraryCase, on_each_server


class Provider(BaseHTTPRequestHandler):
    """Issues the code as the token; the token is the id of the user."""

    def do_GET(self):
        url = urlsplit(self.path)
        if url.path == "/authorize":
            query = {name: value for name, [value] in parse_qs(url.query).items()}
            self.send_response(303)
            target = f"{query['redirect_uri']}?code=me&state={query['state']}"
            self.send_header("Location", target)
            self.end_headers()
        else:
            token = self.headers["Authorization"].split()[1]
            self.respond({"id": token, "email": f"{token}@example.com"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        [code] = parse_qs(body)["code"]
        self.respond({"access_token": code, "token_type": "Bearer"})

    def respond(self, content):
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Log nothing."""


class TestFastapiSso(LibraryCase):
    distribution = "fastapi-sso"
    library = "library_fastapi_sso.set_up"

    @classmethod
    def setUpClass(cls):
        server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.variables = {"PROVIDER_URL": f"http://127.0.0.1:{server.server_port}"}
        super().setUpClass()

    @on_each_server
    def test_logins_at_the_same_time(self, served):
        """The library has a lock of asyncio, which all requests share."""

        def log_in(_number):
            with requests.Session() as session:
                return session.get(f"{served.address}/sso/login", timeout=20)

        with ThreadPoolExecutor(8) as pool:
            responses = list(pool.map(log_in, range(24)))
        for response in responses:
            self.assertEqual(response.status_code, 200, response.text)
            self.assertEqual(response.json()["email"], "me@example.com")
