# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""nginx with the documented configuration, in front of an Odoo server."""

from __future__ import annotations

import http.client
import os
import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .servers import TIMEOUT, free_port, wait_until_it_listens

CONF = Path(__file__).parents[2] / "docs" / "nginx.conf"
HOST = "odoo.example.com"
#: Required programs that are not installed.
MISSING = [name for name in ("nginx", "openssl") if not shutil.which(name)]

#: Like a distribution's nginx.conf, which includes the documented file.
MAIN = """
daemon off;
pid nginx.pid;
{user}
events {{}}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    scgi_temp_path scgi;
    uwsgi_temp_path uwsgi;
    include odoo.conf;
}}
"""


class Nginx:
    """An nginx with the documented configuration, except for ports and files.

    :param http_port: port of Odoo
    :param gevent_port: port of Odoo's evented server
    """

    def __init__(self, http_port: int, gevent_port: int) -> None:
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        self.port = free_port()
        #: Port for unencrypted requests.
        self.plain_port = free_port()
        #: The self-signed certificate.
        self.certificate = folder / "cert.pem"
        key = folder / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
            + ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"]
            + ["-keyout", key, "-out", self.certificate],
            check=True,
            capture_output=True,
        )
        text = CONF.read_text(encoding="utf-8")
        for old, new in (
            ("127.0.0.1:8069", f"127.0.0.1:{http_port}"),
            ("127.0.0.1:8072", f"127.0.0.1:{gevent_port}"),
            ("listen 80;", f"listen 127.0.0.1:{self.plain_port};"),
            ("listen 443 ssl;", f"listen 127.0.0.1:{self.port} ssl;"),
            (f"/etc/ssl/certs/{HOST}.pem", str(self.certificate)),
            (f"/etc/ssl/private/{HOST}.key", str(key)),
        ):
            if text.count(old) != 1:
                raise ValueError(f"{CONF.name} has {old!r} {text.count(old)} times")
            text = text.replace(old, new)
        (folder / "odoo.conf").write_text(text)
        user = "user root root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(MAIN.format(user=user))
        self._log = (folder / "error.log").open("w+")
        self._process = subprocess.Popen(
            ["nginx", "-p", folder, "-c", "nginx.conf", "-e", "stderr"],
            stderr=self._log,
        )
        try:
            wait_until_it_listens(self.port)
        except ConnectionRefusedError:
            self.stop()
            raise

    @property
    def log(self) -> str:
        """The error log of nginx."""
        self._log.seek(0)
        return self._log.read()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(TIMEOUT)
        self._log.close()
        self._folder.cleanup()

    @contextmanager
    def open(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> Iterator[http.client.HTTPResponse]:
        """Provide a response, which the caller reads as far as it likes."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        context.check_hostname = False  # the URL has an IP address
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=TIMEOUT, context=context
        )
        try:
            connection.request(method, path, body, {"Host": HOST, **headers})
            with connection.getresponse() as response:
                yield response
        finally:
            connection.close()
