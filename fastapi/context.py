# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a request handler can reach without being handed it.

Dependencies of FastAPI are plain functions: nothing passes them Odoo's environment.
The dispatcher puts it here for the time of a request, and ``dependencies.odoo_env``
takes it out again. A context variable, because it follows a request through
``await`` and is never seen by the request beside it.
"""

from contextvars import ContextVar

from odoo.api import Environment

__all__ = ["odoo_env_ctx"]

#: The environment of the running request: endpoint's user, language of the client.
odoo_env_ctx: ContextVar[Environment] = ContextVar("odoo_env_ctx")
