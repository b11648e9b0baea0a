# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from extendable_pydantic.main import ExtendableModelMeta
from pydantic import BaseModel, ConfigDict

__all__ = ["Partner"]


class Partner(BaseModel, metaclass=ExtendableModelMeta):
    """A partner. Other addons add fields, in databases where they are installed."""

    model_config = ConfigDict(from_attributes=True)

    name: str
