# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Remove the view of 19.0.1.0.0 with its field for the authentication."""

from odoo import SUPERUSER_ID, api


def migrate(cr, _version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    view = env.ref("my_demo_api.fastapi_endpoint_form_view", raise_if_not_found=False)
    if view:
        view.unlink()
