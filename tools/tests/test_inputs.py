# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What comes from outside: variables, apt's answer, wheels' names, pinned versions."""

import re
from pathlib import Path

import pytest

import layout
import stamps
from commands.run import check_options, get_modules, get_port
from commands.test import names_path
from debian import choose_mirror
from errors import Unavailable
from postgres import get_database_name, is_external
from python_env import get_pins


def test_the_port_is_a_number() -> None:
    assert get_port("") == 8069
    assert get_port("8169") == 8169


@pytest.mark.parametrize("text", ["x", "0", "65536", "-1", "80 80"])
def test_another_port_is_refused(text: str) -> None:
    with pytest.raises(Unavailable, match=f"PORT={text} is no port"):
        get_port(text)


def test_modules_are_separated_by_commas_or_spaces() -> None:
    assert get_modules("") == []
    assert get_modules("one,two  three, four") == ["one", "two", "three", "four"]


@pytest.mark.parametrize("option", ["-p", "--http-port=8170", "--database=mine"])
def test_what_a_variable_says_is_refused_as_an_option(option: str) -> None:
    check_options(["--workers=2", "--dev", "xml"])
    with pytest.raises(Unavailable, match="is no option here: `make run P"):
        check_options(["--workers=2", option])


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


def test_a_named_server_is_used() -> None:
    assert is_external({"PGHOST": "database"})
    assert not is_external({"PGHOST": "", "PGDATABASE": "name"})


def test_the_database_can_be_named() -> None:
    assert get_database_name({}) == "fastapi"
    assert get_database_name({"PGDATABASE": "mine"}) == "mine"


def test_the_mirror_is_that_of_a_release() -> None:
    targets = (
        "http://one.test/debian-security/ bookworm-security\n"
        "http://two.test/debian/ bookworm-updates\n"
        "http://three.test/tool/ stable\n"
        "http://two.test/debian/ bookworm\n"
    )
    assert choose_mirror(targets) == "http://two.test/debian/"
    assert choose_mirror("") is None


def test_wheels_become_exact_versions() -> None:
    name = "a2wsgi-1.10.10-py3-none-any.whl"
    assert get_pins([name]) == f"# {name}\na2wsgi==1.10.10\n"


def test_a_stamp_tells_every_difference(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("text")
    assert stamps.get_digest([path]) == stamps.get_digest(["text"])
    assert stamps.get_digest(["ab", "c"]) != stamps.get_digest(["a", "bc"])
    stamps.write(tmp_path / "new" / "stamp", "text")
    assert stamps.read(tmp_path / "new" / "stamp") == "text"
    assert stamps.read(tmp_path / "missing") == ""


def test_lint_has_the_versions_of_the_hooks() -> None:
    hooks = (layout.ROOT / ".pre-commit-config.yaml").read_text()
    lines = (layout.REQUIREMENTS / "lint.txt").read_text().splitlines()
    for line in lines:
        if line.startswith("#"):
            continue
        project, version = line.split("==")
        repository = {
            "oca-odoo-pre-commit-hooks": "odoo-pre-commit-hooks",
            "ruff": "ruff-pre-commit",
        }.get(project, project)
        pattern = rf"/{repository}\n    rev: v{re.escape(version)}\n"
        assert re.search(pattern, hooks), line
