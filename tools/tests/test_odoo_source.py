# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from pathlib import Path

import pytest

from errors import Unavailable
from odoo_source import get_odoo, inspect_tree, read_series

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
    odoo = inspect_tree(tmp_path, "a test")
    assert odoo.base == tmp_path / inner
    assert odoo.core_addons == tmp_path / inner / addons


def test_another_version_is_refused(tmp_path: Path) -> None:
    make_tree(tmp_path, "addons", (18, 0))
    with pytest.raises(Unavailable, match=r"is 18\.0, not 19\.0"):
        inspect_tree(tmp_path, "a test")


def test_a_tree_without_addons_is_refused(tmp_path: Path) -> None:
    make_tree(tmp_path, "elsewhere")
    with pytest.raises(Unavailable, match="lacks its addons"):
        inspect_tree(tmp_path, "a test")


def test_a_named_checkout_must_hold_odoo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ODOO_SRC", str(tmp_path))
    with pytest.raises(Unavailable, match="no Odoo in"):
        get_odoo()
    monkeypatch.setenv("ODOO_SRC", str(tmp_path / "missing"))
    with pytest.raises(Unavailable, match="no folder"):
        get_odoo()


def test_the_series_is_read_from_the_release() -> None:
    assert read_series(RELEASE.format(19, 0)) == (19, 0)
    assert read_series(RELEASE.format("'saas~19'", 1)) == ("saas~19", 1)
    assert read_series("") == ()
