# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import backend_app
from . import client_apps
from . import fastapi_app
from . import fastapi_app_oauth
