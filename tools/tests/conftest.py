# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Makes the tools importable, as ``python3 tools`` does, and the benchmark."""

import sys
from pathlib import Path

_TOOLS = Path(__file__).resolve().parent.parent
sys.path += [str(_TOOLS), str(_TOOLS.parent / "benchmarks")]
