# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The commands behind the Makefile: ``python3 tools COMMAND``.

This file stays readable for any Python 3, so that a wrong version ends with a
sentence and not with a syntax error. ``bootstrap.py`` makes a virtual environment and
goes on in it with ``cli.py``.
"""

import sys

SUPPORTED = ((3, 10), (3, 13))  # odoo/release.py: MIN_PY_VERSION, MAX_PY_VERSION

if not SUPPORTED[0] <= sys.version_info[:2] <= SUPPORTED[1]:
    sys.exit(
        "Python {}.{} can't run Odoo 19, which needs Python 3.10 to 3.13: "
        "name one that you have, for example `make run PYTHON=python3.12`.".format(
            *sys.version_info[:2]
        )
    )

from bootstrap import main  # noqa: E402
from console import sentences  # noqa: E402

with sentences():
    main(sys.argv[1:])
