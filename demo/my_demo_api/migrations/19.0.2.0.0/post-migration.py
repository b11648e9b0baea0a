# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Endpoints keep the authentication that was chosen in 19.0.1.0.0.

They still accept keys that users made for themselves. They refuse keys with the scope
``my_demo_api``, which only code could make. Use keys of the endpoint instead.
"""


def migrate(cr, _version):
    cr.execute(
        """
        UPDATE fastapi_endpoint
           SET auth_api_key = my_demo_auth_method = 'api_key',
               api_key_header = 'api-key',
               accept_unscoped_keys = my_demo_auth_method = 'api_key',
               auth_basic = my_demo_auth_method = 'http_basic',
               allow_portal_users = true
         WHERE app = 'my_demo'
        """
    )
