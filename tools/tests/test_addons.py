# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from pathlib import Path

import pytest

import layout
from addons import (
    OWN_DATABASE,
    Addon,
    find_addons,
    get_dependencies,
    get_folders,
    get_tested_together,
)
from console import ToolError


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


def test_folders_of_others(tmp_path: Path) -> None:
    path = make_addon(tmp_path / "a", "first", "{}")
    make_addon(tmp_path / "b", "second", "{}")
    folders = get_folders(f" {tmp_path}/a/, {tmp_path}/b,")
    assert folders == (tmp_path / "a", tmp_path / "b")
    assert get_folders("") == ()
    for wrong in (path, tmp_path / "missing"):
        with pytest.raises(ToolError, match=f"no addons in {wrong}: name the folder"):
            get_folders(str(wrong))


@pytest.mark.parametrize("manifest", ["{", "[]", "{'name': open()}"])
def test_a_bad_manifest_is_named(tmp_path: Path, manifest: str) -> None:
    path = make_addon(tmp_path, "bad", manifest)
    with pytest.raises(ToolError, match=str(path)):
        find_addons([tmp_path])


def test_demo_addons_have_links_at_the_root() -> None:
    """OCA's tools look for addons there, and nowhere else."""
    demos = {addon.path for addon in find_addons([layout.DEMO])}
    links = {path for path in layout.ROOT.iterdir() if path.is_symlink()}
    assert demos and {link.resolve() for link in links} == demos
    assert not links & {addon.path for addon in find_addons()}


def test_addons_with_a_database_of_their_own() -> None:
    found = find_addons()
    names = {addon.name for addon in found}
    together = {addon.name for addon in get_tested_together()}
    assert OWN_DATABASE <= names
    assert together == names - OWN_DATABASE
    # no other one needs more than Odoo's server, web client and bus
    needed = {
        name
        for addon in get_tested_together()
        for name in addon.manifest.get("depends", ())
    }
    assert needed - names <= {"base", "bus", "web", "web_tour"}


MODEL = """
from odoo import fields, models

SIZES = [("s", "Small")]

class Model(models.Model):
    _inherit = "res.partner"

    size = fields.Selection(SIZES)

    def get(self):
        return 1

    def init(self):
        self.env.cr.execute("SELECT 1")
"""


@pytest.mark.parametrize(
    ("changed", "upgrade"),
    [
        ("views/view.xml", True),
        ("security/ir.model.access.csv", True),
        ("routers/router.py", False),
        ("static/description/index.xml", False),
        ("readme/DESCRIPTION.md", False),
    ],
)
def test_an_upgrade_is_due_when_a_database_takes_something_over(
    tmp_path: Path, changed: str, upgrade: bool
) -> None:
    addon = Addon(make_addon(tmp_path, "one", "{}"), {})
    before = addon.get_digest(full=False)
    path = addon.path / changed
    path.parent.mkdir(parents=True)
    path.write_text("'<odoo/>'")
    assert (addon.get_digest(full=False) != before) is upgrade


@pytest.mark.parametrize(
    ("old", "new", "upgrade"),
    [
        ("(SIZES)", "(SIZES, required=True)", True),
        ("Small", "Little", True),
        ("res.partner", "res.users", True),
        ("SELECT 1", "SELECT 2", True),
        ("return 1", "return 2", False),
        ("return 1", "return 1\n\n    def set(self):\n        pass", True),
        ("return 1", "return (", True),
    ],
)
def test_an_upgrade_is_due_for_what_a_model_declares(
    tmp_path: Path, old: str, new: str, upgrade: bool
) -> None:
    addon = Addon(make_addon(tmp_path, "one", "{}"), {})
    path = addon.path / "app.py"
    path.write_text(MODEL)
    before = addon.get_digest(full=False)
    path.write_text(MODEL.replace(old, new))
    assert (addon.get_digest(full=False) != before) is upgrade


@pytest.mark.parametrize(
    ("changed", "made_again"),
    [
        ("routers/router.py", True),
        ("static/img/picture.png", True),
        ("data/text.html", True),
        ("tests/test_one.py", False),
        ("tests/data/one.xml", False),
        ("readme/USAGE.md", False),
        ("__pycache__/one.cpython-310.pyc", False),
    ],
)
def test_a_new_database_depends_on_all_but_the_tests(
    tmp_path: Path, changed: str, made_again: bool
) -> None:
    addon = Addon(make_addon(tmp_path, "one", "{}"), {})
    before = addon.get_digest()
    path = addon.path / changed
    path.parent.mkdir(parents=True)
    path.touch()
    assert (addon.get_digest() != before) is made_again


def test_what_the_addons_need_is_installed_before(tmp_path: Path) -> None:
    addons = [
        Addon(tmp_path / name, {"depends": depends})
        for name, depends in {"b": ["a", "web"], "a": ["mail"]}.items()
    ]
    assert get_dependencies(addons) == ["mail", "web"]
