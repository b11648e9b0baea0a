# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from pathlib import Path

import pytest

from addons import Addon, find_addons, get_requirements
from errors import ToolError


def make_addon(folder: Path, name: str, manifest: str) -> Path:
    path = folder / name
    path.mkdir(parents=True)
    (path / "__manifest__.py").write_text(manifest)
    return path


def test_addons_are_found_by_their_manifests(tmp_path: Path) -> None:
    make_addon(tmp_path / "a", "second", "{}")
    make_addon(tmp_path / "a", "first", "{}")
    make_addon(tmp_path / "b", "third", "{}")
    (tmp_path / "a" / "no_addon").mkdir()
    found = find_addons([tmp_path / "a", tmp_path / "b", tmp_path / "missing"])
    assert [addon.name for addon in found] == ["first", "second", "third"]


def test_addons_that_are_not_installable_are_left_out(tmp_path: Path) -> None:
    make_addon(tmp_path, "off", "{'installable': False}")
    assert find_addons([tmp_path]) == []


@pytest.mark.parametrize("manifest", ["{", "[]", "{'name': open()}"])
def test_a_bad_manifest_is_named(tmp_path: Path, manifest: str) -> None:
    path = make_addon(tmp_path, "bad", manifest)
    with pytest.raises(ToolError, match=str(path)):
        find_addons([tmp_path])


def test_requirements_are_sorted_and_unique() -> None:
    addons = [
        Addon(Path("a"), {"external_dependencies": {"python": ["fastapi>=1", "z"]}}),
        Addon(Path("b"), {"external_dependencies": {"python": ["z"], "bin": ["cc"]}}),
        Addon(Path("c"), {}),
    ]
    lines = get_requirements(addons).splitlines()
    assert lines[0].startswith("#")
    assert lines[1:] == ["fastapi>=1", "z"]


@pytest.mark.parametrize(
    ("changed", "upgrade"),
    [
        ("views/view.xml", True),
        ("security/ir.model.access.csv", True),
        ("models/model.py", True),
        ("routers/router.py", False),
        ("static/description/index.xml", False),
        ("readme/DESCRIPTION.md", False),
    ],
)
def test_an_upgrade_is_due_when_a_database_takes_something_over(
    tmp_path: Path, changed: str, upgrade: bool
) -> None:
    addon = Addon(make_addon(tmp_path, "one", "{}"), {})
    before = addon.get_digest()
    path = addon.path / changed
    path.parent.mkdir(parents=True)
    path.write_text("<odoo/>")
    assert (addon.get_digest() != before) is upgrade
