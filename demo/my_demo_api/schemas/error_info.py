# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from pydantic import BaseModel

__all__ = ["ErrorInfo"]


class ErrorInfo(BaseModel):
    """The answer to an error of Odoo, made by ``error_handlers``."""

    detail: str
    code: str
