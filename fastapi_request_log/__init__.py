# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.api import Environment

from . import controllers
from . import models
from . import wizards


def uninstall_hook(env: Environment) -> None:
    """Delete the system parameters: one has the hash of the token for metrics."""
    parameters = env["ir.config_parameter"]
    parameters.search([("key", "=like", r"fastapi\_request\_log.%")]).unlink()
