# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Odoo's program, as a file.

With ``--workers`` Odoo starts its evented server by this file's name
(``odoo.service.server.PreforkServer.long_polling_spawn``). ``python -m odoo`` would
have it start a file inside Odoo, whose modules then hide those of Python.
"""

import sys

del sys.path[0]  # this script's folder

from odoo.cli.command import main  # noqa: E402

if __name__ == "__main__":
    main()
