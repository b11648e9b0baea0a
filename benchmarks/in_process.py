# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Odoo without a server: ``in_process.py OPTION...``, with options of Odoo.

Calls Odoo's WSGI application as often as each line of the input says, then prints a
line. ``instructions.py`` runs this program under valgrind.
"""

from __future__ import annotations

import gc
import io
import json
import os
import select
import sys
from collections.abc import Iterator
from typing import Any

POLL = 0.001  # seconds: valgrind listens to vgdb only while the program works


def main(arguments: list[str]) -> None:
    """Load Odoo and a database, and answer until the input ends."""
    from odoo import http
    from odoo.modules.registry import Registry
    from odoo.service.server import load_server_wide_modules
    from odoo.tools import config

    config.parse_config(arguments, setup_logging=True)
    load_server_wide_modules()
    Registry(config["db_name"][0])
    print("ready", flush=True)
    for line in _read_lines():
        print(_call(http.root, **json.loads(line)), flush=True)


def _call(
    app: Any, method: str, path: str, body: str, authorization: str, count: int
) -> str:
    """Call the application, and return its last status."""
    statuses = ["no response"]

    def start_response(status: str, _headers: object, _exc_info: object = None) -> None:
        statuses[0] = status

    path, _found, query = path.partition("?")
    data = body.encode()
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8069",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8069",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if data:
        environ |= {
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(data)),
        }
    if authorization:
        environ["HTTP_AUTHORIZATION"] = authorization
    # or Python would look through all of Odoo's objects during some request
    gc.freeze()
    for _number in range(count):
        answer = app({**environ, "wsgi.input": io.BytesIO(data)}, start_response)
        for _part in answer:
            pass
        if hasattr(answer, "close"):
            answer.close()
    # the request log writes in another thread, whose work is counted too
    writer = sys.modules.get("odoo.addons.fastapi_request_log.writer")
    if writer is not None:
        writer.flush(timeout=60)
    return statuses[0]


def _read_lines() -> Iterator[bytes]:
    data = b""
    while True:
        while not select.select([0], [], [], POLL)[0]:
            pass
        part = os.read(0, 1 << 20)
        if not part:
            return
        *lines, data = (data + part).split(b"\n")
        yield from lines


if __name__ == "__main__":
    del sys.path[0]  # this script's folder
    main(sys.argv[1:])
