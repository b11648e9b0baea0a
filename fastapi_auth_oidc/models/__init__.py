# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import fastapi_endpoint
from . import fastapi_oidc_caller
from . import fastapi_oidc_provider
from . import fastapi_oidc_provider_clients
