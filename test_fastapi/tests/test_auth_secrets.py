# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Credentials and request bodies are not logged."""

import base64
import http.client

from .server_case import ServerCase
from .servers import OdooServer


class TestSecretsAreNotLogged(ServerCase):
    SECRET = "s3cr3t-0f-th3-cl13nt"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user_id = cls.first.rpc(
            "res.users",
            "create",
            {"name": "secretive", "login": "secretive", "password": cls.SECRET},
        )
        cls.addClassCleanup(cls.first.rpc, "res.users", "unlink", [cls.user_id])

    def test_secrets(self):
        self.allow_demo_app()
        self.create_endpoint(self.first, "/secret")
        self.create_endpoint(
            self.first, "/secret1", app="demo", demo_auth_method="api_key"
        )
        server = OdooServer(
            self.dbname,
            log_handler=":INFO,odoo.addons.fastapi:DEBUG,odoo.addons.test_fastapi:DEBUG"
            ",asyncio:DEBUG",
        )
        self.addCleanup(server.stop)
        secret = self.SECRET

        def basic(password):
            return base64.b64encode(f"secretive:{password}".encode()).decode()

        values = (secret, basic(secret), basic(f"wrong {secret}"))
        credentials = (
            {"Authorization": f"Basic {values[1]}"},
            {"Authorization": f"Basic {values[2]}"},
            {"Authorization": f"Bearer {secret}"},
            {"Authorization": secret},
            {"api-key": secret},
            {"Cookie": f"session_id={secret}; token={secret}"},
        )
        form = f"name={secret}&password={secret}"
        statuses = set()
        for headers in credentials:
            for method, path, body, content_type in (
                ("GET", "/secret/partner", None, None),
                ("GET", "/secret/visible/res.partner", None, None),
                ("GET", f"/secret/items?page={secret}", None, None),
                ("GET", "/secret/wrong_response", None, None),
                ("GET", "/secret/abort/400", None, None),
                ("GET", "/secret/stream?name=a&fail=1", None, None),
                ("POST", "/secret/tasks?name=a", None, None),
                ("POST", "/secret/items?name=a&error=bare", None, None),
                ("POST", "/secret/items?name=a&error=committed", None, None),
                ("POST", f"/secret/items?name={secret}&quantity=-1", None, None),
                ("POST", "/secret/order", f'["{secret}"]', "application/json"),
                ("POST", "/secret/order", f'"{secret}', "application/json"),
                ("POST", "/secret/form", form, "application/x-www-form-urlencoded"),
                ("POST", "/secret/form", secret, "multipart/form-data"),
                ("PATCH", "/secret/items/0?quantity=1", secret, "text/plain"),
                ("GET", "/secret1/demo/who_ami", None, None),
                ("GET", "/secret1/nowhere", None, None),
            ):
                sent = {**headers, "Content-Type": content_type or "text/plain"}
                try:
                    statuses.add(server.request(method, path, body, sent).status)
                except http.client.HTTPException:  # the stream that fails
                    statuses.add(0)
        self.assertLessEqual({200, 400, 401, 404, 422, 500}, statuses)
        server.stop()
        log = "".join(server.log)
        self.assertIn(" DEBUG ", log)
        self.assertIn("Traceback", log)
        # Odoo itself logs URLs with their queries
        lines = [line for line in server.log if " werkzeug: " not in line]
        for value in values:
            self.assertFalse([line for line in lines if value in line])
