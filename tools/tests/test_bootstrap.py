# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

import fcntl
import os
from pathlib import Path

import pytest

import bootstrap
import layout
from console import ToolError


@pytest.fixture(name="state", autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    state = tmp_path / "state"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("LOGS", "DATA", "CLUSTER"):
        monkeypatch.setattr(layout, name, state / name)
    for name in ("IN_USE", "SET_UP"):
        monkeypatch.setattr(layout, name, tmp_path / name)
        (tmp_path / name).mkdir()
    monkeypatch.setattr(layout, "STATE", state)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    return state


def test_clean_removes_what_was_made(state: Path) -> None:
    (state / "data").mkdir(parents=True)
    layout.get_cache().mkdir(parents=True)
    bootstrap.main(["clean"])
    assert not state.exists()
    assert layout.get_cache().exists()
    bootstrap.main(["clean", "--cache"])
    assert not layout.get_cache().exists()


def test_clean_leaves_what_is_in_use(state: Path) -> None:
    in_use = layout.locked(layout.IN_USE, fcntl.LOCK_SH)
    with in_use, pytest.raises(ToolError, match="stop it"):
        bootstrap.main(["clean"])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["test", "-k", "x"], ["python", "cli.py", "test", "-k", "x"]),
        (["exec", "nox", "--", "-x"], ["nox", "--", "-x"]),
    ],
)
def test_a_command_goes_on_in_the_environment(
    arguments: list[str], expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str] = []

    def execv(path: Path, command: list[str | Path]) -> None:
        assert path == command[0]
        found.extend(Path(part).name for part in command)

    monkeypatch.setattr(bootstrap, "_make_environment", lambda: None)
    monkeypatch.setattr(bootstrap.os, "execv", execv)
    bootstrap.main(arguments)
    assert found == expected


def test_modules_are_compiled(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "_make_environment", lambda: None)
    monkeypatch.setattr(bootstrap.os, "execv", lambda _path, _command: None)
    monkeypatch.setitem(os.environ, "PYTHONDONTWRITEBYTECODE", "1")
    bootstrap.main(["test"])
    assert "PYTHONDONTWRITEBYTECODE" not in os.environ
    # and the checkouts of Odoo and of the addons stay as they are
    assert os.environ["PYTHONPYCACHEPREFIX"] == str(state / "pycache")


def test_an_environment_that_was_made_is_not_made_again(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    python = state / "venv" / "bin" / "python"

    def run_step(command: list[str | Path], log: str) -> None:
        steps.append(log)
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()

    monkeypatch.setattr(layout, "LISTS", [])
    monkeypatch.setattr(layout, "VENV", state / "venv")
    monkeypatch.setattr(layout, "PYTHON", python)
    monkeypatch.setattr(bootstrap, "_STAMP", state / "venv" / "made-for.txt")
    monkeypatch.setattr(bootstrap, "find_spec", lambda _name: True)
    monkeypatch.setattr(bootstrap.process, "run_step", run_step)
    bootstrap._make_environment()
    assert steps == ["venv", "packages", "packages"]
    bootstrap._make_environment()
    assert steps[3:] == ["packages"]
    monkeypatch.setattr(bootstrap.sys, "version", "another one")
    bootstrap._make_environment()
    assert steps[4:] == ["venv", "packages", "packages"]
