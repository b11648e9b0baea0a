# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A server starts again when its sources have changed, whatever state they are in."""

import builtins
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import console
import database
import layout
import serving
from addons import Addon
from console import ToolError
from environment import Odoo

#: Answers with the status that the first argument's file names; ends without one.
SERVER = """
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

status = int(Path(sys.argv[1]).read_text())

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(status)
        self.end_headers()

HTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
"""


#: What is said before a change is waited for.
WAITS = ("Ctrl-C", "==> reloaded", "next change", "never closed")


class Server(Odoo):
    def get_command(self, *arguments: str | Path) -> list[str | Path]:
        return [sys.executable, "-c", SERVER, self.base / "status.py", arguments[3]]


@pytest.fixture(name="folder")
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "addon"
    folder.mkdir()
    (folder / "status.py").write_text("200")
    monkeypatch.setattr(layout, "DATA", tmp_path)
    monkeypatch.setattr(serving, "find_addons", lambda _folders: [Addon(folder, {})])
    return folder


def serve(
    folder: Path, monkeypatch: pytest.MonkeyPatch, steps: Iterator[Callable[[], object]]
) -> list[str]:
    """Serve, take a step at each wait for a change, and return what was said."""
    lines: list[str] = []

    def write(text: str) -> None:
        lines.append(text)
        if any(sign in text for sign in WAITS):
            next(steps)()

    monkeypatch.setattr(console, "line", write)
    # `compileall` prints a syntax error, and its place
    monkeypatch.setattr(builtins, "print", write)
    monkeypatch.setattr(
        database, "bring_up_to_date", lambda *_arguments: lines.append("upgrade")
    )
    monkeypatch.setattr(
        database,
        "get_endpoints",
        lambda *_arguments: [("One", "/one", True), ("Two", "/two", False)],
    )
    with pytest.raises(KeyboardInterrupt):
        serving.serve(Server(folder, folder), "name", [], serving.find_port(), [])
    return lines


def test_a_change_is_served(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    status = folder / "status.py"
    lines = serve(
        folder,
        monkeypatch,
        iter(
            [
                lambda: status.write_text("201"),
                lambda: status.write_text("500"),
                lambda: status.write_text("("),
                lambda: status.write_text("200"),
                stop,
            ]
        ),
    )
    assert re.sub(r"http://127.0.0.1:\d+", "", lines[1]).split("\n")[1:5] == [
        "  /web       Odoo (login admin, password admin)",
        "  /one       One",
        "  /one/docs  its documentation",
        "  /two       Two",
    ]
    said = [re.sub(r" in \d.*", "", line) for line in lines[2:]]
    assert [" ".join(text.split()) if "^" in text else text for text in said] == [
        "==> changed: status.py",
        "upgrade",
        "==> reloaded",
        "==> changed: status.py",
        "upgrade",
        "Odoo answers with 500: see its log.\nOdoo starts again after the next change.",
        f"*** Error compiling '{status}'...",
        f"File \"{status}\", line 1 ( ^ SyntaxError: '(' was never closed",
        "==> changed: status.py",
        "upgrade",
        "==> reloaded",
    ]


def test_a_server_that_can_not_start_is_not_waited_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "status.py").write_text("500")
    with pytest.raises(ToolError, match="Odoo answers with 500"):
        serve(folder, monkeypatch, iter([]))


def test_the_exit_code_of_a_server_is_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "wait_until_it_answers", lambda *_arguments: None)
    monkeypatch.setattr(database, "get_endpoints", lambda _name: [])
    monkeypatch.setattr(
        Server, "get_command", lambda *_arguments: ["sh", "-c", "exit 7"]
    )
    assert serving.serve(Server(folder, folder), "name", [], 0, []) == 7


#: Runs a command in a terminal and presses Ctrl-C when it says so.
TERMINAL = """
import os, pty, sys

pid, terminal = pty.fork()
if not pid:
    os.execvp("sh", ["sh", "-c", sys.argv[1]])
output = b""
pressed = False
while True:
    try:
        output += os.read(terminal, 1000)
    except OSError:
        break
    if b"ready" in output and not pressed:
        pressed = True
        os.write(terminal, bytes([3]))
print(output.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
INTERRUPTED = """
import signal, sys
sys.path.append(sys.argv[1])
import process

with process.foreground():
    try:
        print("ready", flush=True)
        signal.pause()
    except KeyboardInterrupt:
        sys.exit(0)
"""


def test_ctrl_c_does_not_reach_make(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(INTERRUPTED)
    command = f"{sys.executable} {tmp_path}/program.py {layout.TOOLS}; echo code $?"
    done = subprocess.run(
        [sys.executable, "-c", TERMINAL, command],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert "".join(done.stdout.split()) == "ready^Ccode00"
