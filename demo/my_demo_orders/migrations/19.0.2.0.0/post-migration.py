# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Keep accepting keys that users make for themselves, as 19.0.1.0.0 did."""


def migrate(cr, _version):
    cr.execute(
        """
        UPDATE fastapi_endpoint
           SET auth_api_key = true, accept_unscoped_keys = true,
               allow_portal_users = true
         WHERE app = 'my_demo_orders'
        """
    )
