# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from pathlib import Path

from addons import Addon
from commands.odoo_runner import count_tests, get_tags


def make_addon(folder: Path, name: str) -> Addon:
    (folder / name / "tests").mkdir(parents=True)
    return Addon(folder / name, {})


def test_short_leaves_out_what_is_under_load(tmp_path: Path) -> None:
    addons = [make_addon(tmp_path, "a"), make_addon(tmp_path, "b")]
    for name in ("test_stress_x.py", "test_y.py"):
        (addons[1].path / "tests" / name).touch()
    assert get_tags(addons) == "/a,/b"
    assert get_tags(addons, short=True) == "/a,/b,-/b/tests/test_stress_x.py"


def test_the_counts_are_those_of_odoo() -> None:
    log = "INFO db odoo.tests.result: %s failed, %s error(s) of %s tests when loading\n"
    assert count_tests(log % (0, 0, 7) + log % (1, 2, 9)) == (9, 3)
    assert count_tests("nothing was run") == (0, 0)
