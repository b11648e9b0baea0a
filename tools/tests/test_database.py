# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The tests' database: copied from one that is up to date, or made again."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import database
import layout
from addons import find_addons
from console import ToolError
from environment import Odoo


class Server:
    """PostgreSQL and Odoo, as far as the tools see them.

    :param folder: Odoo's ``data_dir``
    """

    def __init__(self, folder: Path) -> None:
        self.databases: dict[str, str] = {}
        self.comments: dict[str, dict[str, Any]] = {}
        self.installed: list[str] = []
        self._folder = folder

    def drop(self, name: str) -> None:
        self.databases.pop(name, None)
        self.comments.pop(name, None)
        shutil.rmtree(self._folder / "filestore" / name, ignore_errors=True)

    def copy(self, source: str, name: str) -> None:
        self.drop(name)
        self.databases[name] = self.databases[source]
        files = self._folder / "filestore"
        shutil.copytree(files / source, files / name)

    def call_odoo(self, _odoo: Odoo, name: str, init: list[str], *_: str) -> None:
        modules = ",".join(init)
        self.installed.append(modules)
        self.databases[name] = f"{self.databases.get(name, '')} {modules}"
        folder = self._folder / "filestore" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / modules).touch()

    def build_assets(self, _odoo: Odoo, name: str) -> None:
        self.databases[name] += " assets"


@pytest.fixture(name="server")
def _server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    server = Server(tmp_path / "data")
    monkeypatch.setattr(layout, "DATA", tmp_path / "data")
    monkeypatch.setattr(
        database, "get_tested_together", lambda: find_addons([tmp_path])
    )
    monkeypatch.setattr(
        database, "_get_packages", lambda _odoo: read(tmp_path / "packages")
    )
    monkeypatch.setattr(database, "_drop", server.drop)
    monkeypatch.setattr(database, "copy", server.copy)
    monkeypatch.setattr(database, "_comment", server.comments.__setitem__)
    monkeypatch.setattr(database, "_get_comment", server.comments.get)
    monkeypatch.setattr(database, "_call_odoo", server.call_odoo)
    monkeypatch.setattr(database, "_build_assets", server.build_assets)
    write(tmp_path / "ours" / "__manifest__.py", "{'depends': ['web']}")
    write(tmp_path / "odoo" / "addons" / "web" / "__manifest__.py", "{}")
    write(tmp_path / "odoo" / "odoo" / "release.py", "")
    return server


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def make(folder: Path, *, new: bool = False) -> None:
    odoo = Odoo(folder / "odoo", folder / "odoo" / "addons")
    database.create_for_tests(odoo, "test", new=new)


def test_a_database_is_a_copy_of_one_that_no_test_has_touched(
    tmp_path: Path, server: Server
) -> None:
    make(tmp_path)
    assert server.installed == ["web", "ours"]
    server.databases["test"] = "left by a test"
    left = tmp_path / "data" / "filestore" / "test" / "left"
    left.touch()
    make(tmp_path)
    assert server.installed == ["web", "ours"]
    assert server.databases["test"] == " web ours"
    assert {path.name for path in left.parent.iterdir()} == {"web", "ours"}


@pytest.mark.parametrize(
    ("changed", "installed"),
    [
        ("ours/models/model.py", ["ours"]),
        ("ours/tests/test_one.py", []),
        ("ours/__manifest__.py", ["mail,web", "ours"]),
        ("packages", ["ours"]),
        ("odoo/addons/web/models/model.py", ["web", "ours"]),
        ("odoo/addons/web/static/one.js", []),
        ("odoo/addons/web/models/__pycache__/model.pyc", []),
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
    assert server.databases["test"] == " web ours assets"


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


@pytest.fixture(name="name")
def _name() -> Iterator[str]:
    name = f"tools_{uuid.uuid4().hex}"
    database.ask(f"CREATE DATABASE {name}")
    yield name
    database._drop(name)


def test_what_a_database_was_made_of_is_its_comment(name: str) -> None:
    assert database._get_comment(name) == {}
    made_of = {"odoo": "it's 19", "of": ["web"]}
    database._comment(name, made_of)
    assert database._get_comment(name) == made_of
    database.ask(f"COMMENT ON DATABASE {name} IS 'another program''s'")
    assert database._get_comment(name) == {}


def test_nothing_is_installed_in_an_empty_database(name: str) -> None:
    assert database._get_installed(name) == set()


def test_what_postgres_refuses_is_a_sentence() -> None:
    with pytest.raises(ToolError, match=r"PostgreSQL refuses \(.*no_such_database"):
        database.ask("SELECT 1", database="no_such_database")


def test_the_endpoints_are_those_of_the_database() -> None:
    tests = pytest.importorskip("odoo.tests")
    endpoints = database.get_endpoints(tests.get_db_name())
    assert [name for name, path, docs in endpoints if path == "/my_demo_api"]
