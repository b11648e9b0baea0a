# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
if __name__ == "extendable":
    # Odoo imports this package as ``odoo.addons.extendable``. Under the bare name it
    # hides the library, which the modules below need.
    raise ImportError(
        f"The Odoo addon {__file__!r} was imported instead of the Python library "
        "'extendable', because the folder that holds the addon is on sys.path: start "
        "Python from another folder (or with PYTHONSAFEPATH=1), give the folder to "
        "Odoo as --addons-path, and run pytest with --import-mode=importlib."
    )

from . import models
