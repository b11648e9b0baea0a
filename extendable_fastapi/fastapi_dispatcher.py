# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Where other addons look for the dispatcher; that of ``fastapi`` does it all."""

from odoo.addons.fastapi.fastapi_dispatcher import FastApiDispatcher

__all__ = ["FastApiDispatcher"]
