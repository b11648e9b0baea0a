# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from pydantic import BaseModel, ConfigDict

from .fields import OptionalText

__all__ = ["PartnerInfo"]


class PartnerInfo(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    name: str
    email: OptionalText
