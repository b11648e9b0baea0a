# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from pathlib import Path

import pytest

import layout
from locks import Lock, held


def test_the_cache_is_where_xdg_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert layout.get_cache() == tmp_path / "odoo-fastapi"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert layout.get_cache() == Path.home() / ".cache" / "odoo-fastapi"


def test_the_last_user_can_take_the_lock_for_itself(tmp_path: Path) -> None:
    first, second = Lock(tmp_path), Lock(tmp_path)
    assert first.acquire(shared=True, wait=False)
    assert second.acquire(shared=True, wait=False)
    assert not first.acquire(wait=False)
    first.close()
    assert second.acquire(wait=False)
    assert not Lock(tmp_path).acquire(shared=True, wait=False)
    second.close()


def test_a_lock_is_given_back_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), held(tmp_path):
        raise ZeroDivisionError
    assert Lock(tmp_path).acquire(wait=False)
