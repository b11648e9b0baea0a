# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
if __name__ == "fastapi":
    # Odoo loads this package as ``odoo.addons.fastapi``. Under the bare name it has
    # taken the place of the library, which nothing below could then import.
    raise ImportError(
        f"The Odoo addon {__file__!r} was imported instead of the Python library "
        "'fastapi', because the folder that holds the addon is on sys.path: start "
        "Python from another folder (or with PYTHONSAFEPATH=1), give the folder to "
        "Odoo as --addons-path, and run pytest with --import-mode=importlib."
    )

from odoo.api import Environment

from . import fastapi_dispatcher
from . import models
from . import server_stop
from . import wizards
from .serving import close_apps_of_old_registries


def uninstall_hook(env: Environment) -> None:
    """Stop the apps of this process, and delete the keys of endpoints.

    Odoo has already loaded another registry. Other processes stop the apps when
    ``watch`` looks at their open connections.
    """
    close_apps_of_old_registries()
    env.cr.execute(
        "DELETE FROM res_users_apikeys WHERE scope LIKE 'fastapi.endpoint.%'"
    )
