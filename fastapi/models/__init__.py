from .fastapi_endpoint import FastapiEndpoint
from . import fastapi_endpoint_backend
from . import fastapi_endpoint_demo
from . import fastapi_endpoint_docs
from . import ir_http
from . import ir_rule
from . import res_lang
from . import res_users
