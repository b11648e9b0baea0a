# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from typing import Literal

from extendable_pydantic import ExtendableBaseModel
from pydantic import field_validator

__all__ = ["Criteria", "Depot", "Location", "Place", "Shop"]


class Location(ExtendableBaseModel, from_attributes=True):
    name: str

    @field_validator("name")
    @classmethod
    def check_name(cls, value):
        return value.strip()


class Place(Location):
    secret: str = "secret"


class Shop(ExtendableBaseModel):
    kind: Literal["shop"]
    location: Location


class Depot(ExtendableBaseModel):
    kind: Literal["depot"]
    locations: list[Location]


class Criteria(ExtendableBaseModel):
    name: str = ""
