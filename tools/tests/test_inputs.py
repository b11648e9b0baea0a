# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What comes from outside: command lines, and apt's sources."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import pytest
from click.testing import CliRunner

import cli
import console
import database
import layout
from cli import names_path
from debian import find_mirror
from environment import Odoo


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], False),
        (["-x", "-k", "cors", "--junitxml=tools"], False),
        (["."], False),
        (["fastapi/tests"], True),
        (["-x", "tools/tests/test_inputs.py::test_it", "-s"], True),
    ],
)
def test_some_of_the_tests_are_named_by_paths(
    arguments: list[str], expected: bool
) -> None:
    assert names_path(arguments) is expected


@pytest.mark.parametrize(
    ("arguments", "processes"), [(["-x"], 2), (["fastapi/tests"], 0)]
)
def test_all_tests_run_in_two_processes(
    arguments: list[str], processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str | Path] = []
    monkeypatch.setattr(cli, "ready", nullcontext)
    monkeypatch.setattr(cli.layout, "locked", nullcontext)
    monkeypatch.setattr(cli.database, "create_for_tests", lambda *_, **__: None)
    monkeypatch.setattr(cli.process, "call", lambda command, **_: found.extend(command))
    cli.run_tests(arguments)
    assert (f"--numprocesses={processes}" in found) is bool(processes)
    assert found[-1] == arguments[-1]


@pytest.mark.parametrize("text", ["x", "0", "65536", "-1", "80 80"])
def test_a_port_is_a_number(text: str) -> None:
    result = CliRunner().invoke(cli.commands, ["run"], env={"PORT": text})
    assert result.exit_code == 2
    assert "Invalid value for '--port'" in result.output


def test_a_port_in_use_is_named() -> None:
    with cli.socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        with pytest.raises(console.ToolError, match="take another port"):
            with console.sentences():
                cli.commands(["run", "--port", port])


def test_addons_of_another_folder_are_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An option of Odoo that its installation needs, too."""
    addon = tmp_path / "help_api"
    addon.mkdir()
    (addon / "__manifest__.py").write_text("{}")
    found = []
    odoo = Odoo(tmp_path, tmp_path)
    monkeypatch.setattr(cli, "ready", lambda: nullcontext(odoo))
    monkeypatch.setattr(cli.process, "foreground", nullcontext)
    monkeypatch.setattr(
        cli.database, "bring_up_to_date", lambda *given: found.append(given)
    )
    monkeypatch.setattr(cli.serving, "serve", lambda *given: found.append(given) or 3)
    arguments = [f"--addons-path={tmp_path}", "--dev=xml"]
    environment = {"PORT": str(cli.serving.find_port()), "MODULES": "help_api,other"}
    for given, variables in (
        (arguments, environment),
        (arguments[1:], {**environment, "ADDONS_PATH": str(tmp_path)}),
    ):
        result = CliRunner().invoke(cli.commands, ["run", *given], env=variables)
        assert result.exit_code == 3, result.output
        installed, served = found
        assert installed[0].other_addons == served[0].other_addons == (tmp_path,)
        assert installed[2] == ["fastapi", "help_api", "other"]
        assert served[-1] == ("--dev=xml",)
        found.clear()


@pytest.mark.parametrize(
    "arguments",
    [(), ("-k", "cors and not x"), ("--pdb", "-x", "a.py::T"), ("--help",)],
)
def test_arguments_are_passed_on(
    arguments: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []

    def run_tests(given: Sequence[str]) -> int:
        found.append(given)
        return 5

    monkeypatch.setattr(cli, "run_tests", run_tests)
    assert CliRunner().invoke(cli.commands, ["test", *arguments]).exit_code == 5
    assert found == [arguments]


def test_an_unknown_option_is_named() -> None:
    result = CliRunner().invoke(cli.commands, ["setup", "--cach"])
    assert result.exit_code == 2
    assert "No such option" in result.output


def test_an_error_is_a_sentence() -> None:
    program = "from console import ToolError; raise ToolError('There is no Odoo.')"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=layout.TOOLS,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (1, "There is no Odoo.\n")


def test_an_interruption_is_no_traceback() -> None:
    with pytest.raises(SystemExit) as caught, console.sentences():
        raise KeyboardInterrupt
    assert caught.value.code == 130


def test_the_database_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGDATABASE", raising=False)
    assert database.get_name("_test") == "fastapi_test"
    monkeypatch.setenv("PGDATABASE", "mine")
    assert database.get_name() == "mine"


@pytest.mark.skipif(not shutil.which("apt-get"), reason="without apt")
@pytest.mark.parametrize(
    ("name", "sources", "mirror"),
    [
        (
            "one.list",
            "deb http://one.test/debian-security/ bookworm-security main\n"
            "# deb http://other.test/debian sid main\n"
            "deb [arch=amd64] http://two.test/debian bookworm main\n",
            "http://two.test/debian",
        ),
        (
            "one.sources",
            "Types: deb\nURIs: http://two.test/debian/\nSuites: a\nComponents: b\n",
            "http://two.test/debian",
        ),
        ("one.list", "deb https://packages.test/apt stable main\n", None),
    ],
)
def test_the_mirror_is_that_of_a_release(
    name: str,
    sources: str,
    mirror: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / name).write_text(sources)
    config = tmp_path / "apt.conf"
    options = {"sourcelist": "/dev/null", "sourceparts": tmp_path}
    config.write_text(
        "".join(f'Dir::Etc::{key} "{value}";\n' for key, value in options.items())
    )
    monkeypatch.setenv("APT_CONFIG", str(config))
    assert find_mirror() == mirror
