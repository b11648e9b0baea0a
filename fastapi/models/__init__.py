# A file for each concept. pylint-odoo asks for one class for all of fastapi.endpoint.
from .fastapi_endpoint import FastapiEndpoint
from .fastapi_app import FastapiApp
from . import fastapi_auth_failure
from . import fastapi_endpoint_app
from . import fastapi_endpoint_auth
from . import fastapi_endpoint_auth_backend
from . import fastapi_endpoint_backend
from . import fastapi_endpoint_change
from . import fastapi_endpoint_demo
from . import fastapi_endpoint_docs_access
from . import fastapi_endpoint_key
from . import fastapi_endpoint_root_path
from . import fastapi_endpoint_rules
from . import fastapi_endpoint_serving
from . import fastapi_endpoint_websocket
from . import ir_http
from . import ir_module_module
from . import ir_rule
from . import res_lang
from . import res_users

__all__ = ["FastapiApp", "FastapiEndpoint"]
