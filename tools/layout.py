# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Where everything lies: in the checkout, under ``.odoo/`` and in the user's cache.

``.odoo/`` holds all that is made for this checkout, and nothing else; removing it is
``make clean``. The cache folder holds what came over the network, for every checkout.
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "demo"
REQUIREMENTS = ROOT / "tools" / "requirements"

STATE = ROOT / ".odoo"
LOGS = STATE / "logs"
STAMPS = STATE / "stamps"
LOCKS = STATE / "locks"
IN_USE = LOCKS / "in-use"  # held, shared, by every command that uses what was made
DEBIAN_TREE = STATE / "debian"  # Odoo and its assets, unpacked
VENV = STATE / "venv"
LINT_VENV = STATE / "lint-venv"
CELLS = STATE / "cells"  # of `make test-matrix`: an environment for each
CLUSTER = STATE / "postgres"
DATA = STATE / "data"  # Odoo's data_dir: file store, sessions
CONFIG = STATE / "odoo.conf"


def get_cache() -> Path:
    """Return the user's folder for what was downloaded, as XDG names it."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The specification wants relative paths ignored.
    root = Path(base) if os.path.isabs(base) else Path.home() / ".cache"
    return root / "odoo-fastapi"


def make_state() -> None:
    """Create the folders that every command may write to."""
    for folder in (STATE, LOGS, STAMPS, LOCKS):
        folder.mkdir(exist_ok=True)
