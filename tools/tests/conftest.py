# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Makes the tools importable, as ``python3 tools`` does."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))
