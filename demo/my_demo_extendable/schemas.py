# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from extendable_pydantic import ExtendableModelMeta
from pydantic import BaseModel, ConfigDict

__all__ = ["Partner"]


class Partner(BaseModel, metaclass=ExtendableModelMeta):
    """A partner, with what other addons add in the databases that have them."""

    model_config = ConfigDict(from_attributes=True)

    name: str
