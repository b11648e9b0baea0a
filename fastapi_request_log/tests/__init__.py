# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import test_backend
from . import test_curl
from . import test_endpoint_usage
from . import test_error_texts
from . import test_histogram
from . import test_metrics
from . import test_monitoring_page
from . import test_request_hour
from . import test_request_ids
from . import test_request_log_form
from . import test_secret_names
from . import test_store
from . import test_uninstall
