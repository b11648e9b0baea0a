# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The tests' database: copied from one that is up to date, or made again."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import database
import layout
from addons import find_addons
from environment import Environment
from odoo_source import OdooSource


class Server:
    """PostgreSQL and Odoo, as far as the tools see them.

    :param folder: Odoo's ``data_dir``
    """

    def __init__(self, folder: Path) -> None:
        self.databases: dict[str, dict[str, Any]] = {}
        self.installed: list[str] = []
        self._folder = folder

    def ask(self, _environment: Environment, action: str, *names: str) -> dict:
        if action == "drop":
            self.databases.pop(names[0], None)
        elif action == "copy":
            self.databases[names[0]] = {"modules": self.databases[names[1]]["modules"]}
        elif action == "comment":
            self.databases[names[0]]["comment"] = names[1]
        state = {"comment": None, "modules": {}, **self.databases.get(names[0], {})}
        return {"version": 16, "user": "odoo", "can_create": True, **state}

    def call_odoo(self, _environment: Environment, name: str, *options: str) -> None:
        modules = options[options.index("--init") + 1]
        self.installed.append(modules)
        known = self.databases.setdefault(name, {"modules": {}})["modules"]
        new = dict.fromkeys(modules.split(","), "installed")
        self.databases[name]["modules"] = known | new
        folder = self._folder / "filestore" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / modules).touch()


@pytest.fixture(name="server")
def _server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    server = Server(tmp_path / "data")
    monkeypatch.setattr(layout, "DATA", tmp_path / "data")
    monkeypatch.setattr(layout, "STAMPS", tmp_path / "stamps")
    monkeypatch.setattr(database, "find_addons", lambda: find_addons([tmp_path]))
    monkeypatch.setattr(database, "_ask", server.ask)
    monkeypatch.setattr(database, "_call_odoo", server.call_odoo)
    write(tmp_path / "ours" / "__manifest__.py", "{'depends': ['web']}")
    write(tmp_path / "odoo" / "addons" / "web" / "__manifest__.py", "{}")
    return server


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def make(folder: Path, *, new: bool = False) -> None:
    odoo = OdooSource(folder / "odoo", folder / "odoo" / "addons", "a test")
    python = folder / "venv" / "bin" / "python"
    database.create_for_tests(Environment(odoo, python, {}), "test", new=new)


def test_a_database_is_a_copy_of_one_that_no_test_has_touched(
    tmp_path: Path, server: Server
) -> None:
    make(tmp_path)
    assert server.installed == ["web", "ours"]
    server.databases["test"]["modules"] = {"left": "by a test"}
    left = tmp_path / "data" / "filestore" / "test" / "left"
    left.touch()
    make(tmp_path)
    assert server.installed == ["web", "ours"]
    assert set(server.databases["test"]["modules"]) == {"web", "ours"}
    assert {path.name for path in left.parent.iterdir()} == {"web", "ours"}


@pytest.mark.parametrize(
    ("changed", "installed"),
    [
        ("ours/models/model.py", ["ours"]),
        ("ours/tests/test_one.py", []),
        ("ours/__manifest__.py", ["mail,web", "ours"]),
        ("stamps/venv.txt", ["ours"]),
        ("odoo/addons/web/models/model.py", ["web", "ours"]),
        ("odoo/odoo/http.py", ["web", "ours"]),
    ],
)
def test_what_has_changed_is_installed_again(
    tmp_path: Path, server: Server, changed: str, installed: list[str]
) -> None:
    make(tmp_path)
    server.installed.clear()
    write(tmp_path / changed, "{'depends': ['web', 'mail']}")
    make(tmp_path)
    assert server.installed == installed
    server.installed.clear()
    make(tmp_path)
    assert not server.installed


def test_all_tests_begin_with_a_new_database(tmp_path: Path, server: Server) -> None:
    make(tmp_path)
    make(tmp_path, new=True)
    assert server.installed == ["web", "ours"] * 2


@pytest.mark.parametrize("lost", ["test_base", "test_template"])
def test_a_database_without_its_files_is_made_again(
    tmp_path: Path, server: Server, lost: str
) -> None:
    make(tmp_path)
    folder = tmp_path / "data" / "filestore" / lost
    folder.rename(folder.with_name("lost"))
    make(tmp_path)
    assert server.installed[-1] == "ours"
    assert folder.is_dir()


def test_an_installation_that_broke_off_is_not_kept(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(*_arguments: Any) -> None:
        raise KeyboardInterrupt

    make(tmp_path)
    write(tmp_path / "ours" / "models" / "model.py", "")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(database, "_call_odoo", break_off)
        make(tmp_path)
    server.installed.clear()
    make(tmp_path)
    assert server.installed == ["ours"]


def test_the_endpoints_are_those_of_the_database() -> None:
    tests = pytest.importorskip("odoo.tests")
    command = [sys.executable, database._HELPER, "endpoints", tests.get_db_name()]
    answer = subprocess.run(command, capture_output=True, check=True, env=os.environ)
    endpoints = json.loads(answer.stdout)["endpoints"]
    assert [name for name, path, docs in endpoints if path == "/my_demo_api"]
