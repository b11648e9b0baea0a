# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

import layout
from addons import Addon, find_addons

_SPEC = spec_from_file_location("noxfile", layout.ROOT / "noxfile.py")
noxfile = module_from_spec(_SPEC)
_SPEC.loader.exec_module(noxfile)


def make_addon(folder: Path, name: str) -> Addon:
    (folder / name / "tests").mkdir(parents=True)
    return Addon(folder / name, {})


def test_short_leaves_out_what_is_under_load(tmp_path: Path) -> None:
    addons = [make_addon(tmp_path, "a"), make_addon(tmp_path, "b")]
    for name in ("test_stress_x.py", "test_y.py"):
        (addons[1].path / "tests" / name).touch()
    assert noxfile.get_tags(addons) == "/a,/b"
    assert noxfile.get_tags(addons, short=True) == "/a,/b,-/b/tests/test_stress_x.py"


def test_the_manifests_agree_on_the_oldest_versions() -> None:
    # or the resolution of the oldest ones would take the newer of them
    bounds: dict[str, str] = {}
    for addon in find_addons():
        declared = addon.manifest.get("external_dependencies", {})
        for package in declared.get("python", ()):
            match = re.fullmatch(r"([\w.-]+)>=([\w.]+)", package)
            assert match, f"{package} has no oldest version"
            assert bounds.setdefault(match[1], match[2]) == match[2], package
    assert "fastapi" in bounds


def test_the_table_has_a_column_for_each_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(layout, "NOX", tmp_path)
    monkeypatch.setattr(noxfile, "CELLS", ["3.10-oldest", "3.13-newest"])
    cell = {"fastapi": "0.1", "passed": "12", "verdict": "passed"}
    (tmp_path / "3.10-oldest.json").write_text(json.dumps(cell))
    noxfile.table.func(None)
    assert capsys.readouterr().out.splitlines() == [
        "|         | 3.10-oldest   | 3.13-newest   |",
        "|---------|---------------|---------------|",
        "| fastapi | 0.1           |               |",
        "| passed  | 12            |               |",
        "| verdict | passed        | not run       |",
    ]
