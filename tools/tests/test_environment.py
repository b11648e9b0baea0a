# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from pathlib import Path

import pytest

import layout
from console import ToolError
from environment import Odoo, get_odoo, inspect_tree

RELEASE = "version_info = ({}, {}, 0, FINAL, 0, '')\n"


def make_tree(base: Path, addons: str, series: tuple[object, object] = (19, 0)) -> None:
    (base / "odoo").mkdir(parents=True)
    (base / "odoo" / "release.py").write_text(RELEASE.format(*series))
    web = base / addons / "web"
    web.mkdir(parents=True)
    (web / "__manifest__.py").write_text("{}")


@pytest.mark.parametrize(
    ("inner", "addons"),
    [
        ("", "addons"),
        ("", "odoo/addons"),
        ("usr/lib/python3/dist-packages", "odoo/addons"),
    ],
)
def test_each_shape_of_a_tree_is_known(tmp_path: Path, inner: str, addons: str) -> None:
    make_tree(tmp_path / inner, addons)
    base = tmp_path / inner
    assert inspect_tree(tmp_path) == (base, base / addons)


def test_another_version_is_refused(tmp_path: Path) -> None:
    make_tree(tmp_path, "addons", (18, 0))
    with pytest.raises(ToolError, match=r"isn't Odoo 19\.0"):
        inspect_tree(tmp_path)


def test_a_tree_without_addons_is_refused(tmp_path: Path) -> None:
    make_tree(tmp_path, "elsewhere")
    with pytest.raises(ToolError, match="no Odoo with its addons"):
        inspect_tree(tmp_path)


def test_a_named_checkout_must_hold_odoo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ODOO_SRC", str(tmp_path))
    with pytest.raises(ToolError, match="no Odoo with"):
        get_odoo()
    monkeypatch.setenv("ODOO_SRC", str(tmp_path / "missing"))
    with pytest.raises(ToolError, match="no Odoo with"):
        get_odoo()


def test_addons_of_another_folder(tmp_path: Path) -> None:
    assert "--addons-path" not in Odoo(tmp_path, tmp_path / "addons").get_command()
    mine = tmp_path / "mine"
    odoo = Odoo(tmp_path, tmp_path / "addons", other_addons=(mine, layout.DEMO))
    expected = f"{layout.ROOT},{layout.DEMO},{mine},{tmp_path / 'addons'}"
    assert odoo.get_command()[-2:] == ["--addons-path", expected]
