# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Where everything lies: ``.odoo/`` has what is made for this checkout, nothing else.

What came over the network is in the user's cache, for every checkout.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

TOOLS = Path(__file__).resolve().parent
ROOT = TOOLS.parent
DEMO = ROOT / "demo"
REQUIREMENTS = TOOLS / "requirements"
#: What the virtual environment holds, for Odoo, its tests and the tools.
LISTS = (
    ROOT / "requirements.txt",
    ROOT / "test-requirements.txt",
    REQUIREMENTS / "odoo.txt",
    REQUIREMENTS / "tools.txt",
)

STATE = ROOT / ".odoo"
LOGS = STATE / "logs"
# Folders that are locked, by one command at a time:
SET_UP = TOOLS  # while something is made, started or stopped
TESTS = ROOT / "fastapi"  # while tests run, or what they would slow down
IN_USE = ROOT  # or shared, by every command that uses what was made
DEBIAN_TREE = STATE / "debian"  # Odoo and its assets, unpacked
VENV = STATE / "venv-{}.{}".format(*sys.version_info)
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"
NOX = STATE / "nox"  # virtual environments with other packages
CLUSTER = STATE / "postgres"
DATA = STATE / "data"  # Odoo's data_dir: file store, sessions
CONFIG = STATE / "odoo.conf"


def get_cache() -> Path:
    """Return the user's folder for what was downloaded, as XDG names it."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The specification wants relative paths ignored.
    root = Path(base) if os.path.isabs(base) else Path.home() / ".cache"
    return root / "odoo-fastapi"
