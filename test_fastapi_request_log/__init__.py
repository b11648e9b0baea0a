# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import os

from odoo.addons.fastapi_request_log import writer

from . import models

#: Environment variable of a server whose writer waits for fewer seconds.
if "TEST_FASTAPI_REQUEST_LOG_TIMEOUT" in os.environ:
    writer.TIMEOUT = int(os.environ["TEST_FASTAPI_REQUEST_LOG_TIMEOUT"])
