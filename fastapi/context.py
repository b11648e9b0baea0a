# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The Odoo environment of the running request, in a context variable.

The dispatcher sets it for each request, and ``dependencies.odoo_env`` returns it. A
context variable follows its request through ``await`` and into threads. Other requests
do not see it.
"""

from contextvars import ContextVar

from odoo.api import Environment

__all__ = ["odoo_env_ctx"]

#: Has the endpoint's user and the client's language.
odoo_env_ctx: ContextVar[Environment] = ContextVar("odoo_env_ctx")
