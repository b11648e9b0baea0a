# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from pydantic import BaseModel

__all__ = ["EchoResponse"]


class EchoResponse(BaseModel):
    message: str
