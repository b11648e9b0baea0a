# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import fastapi_endpoint
from . import fastapi_endpoint_usage
from . import fastapi_request_hour
from . import fastapi_request_log
from . import fastapi_request_log_form
from . import fastapi_request_loss
from . import fastapi_request_total
from . import ir_http
from . import res_config_settings
