# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

import fcntl
import os
from pathlib import Path

import pytest

import layout


def test_the_cache_is_where_xdg_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert layout.get_cache() == tmp_path / "odoo-fastapi"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert layout.get_cache() == Path.home() / ".cache" / "odoo-fastapi"


def test_the_last_user_can_take_the_lock_for_itself(tmp_path: Path) -> None:
    with layout.locked(tmp_path, fcntl.LOCK_SH) as last:
        with layout.locked(tmp_path, fcntl.LOCK_SH) as first:
            assert not layout.try_lock(first)
        assert layout.try_lock(last)
        other = os.open(tmp_path, os.O_RDONLY)
        assert not layout.try_lock(other, fcntl.LOCK_SH)
    os.close(other)


def test_a_lock_is_given_back_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), layout.locked(tmp_path):
        raise ZeroDivisionError
    with layout.locked(tmp_path) as lock:
        assert layout.try_lock(lock)
