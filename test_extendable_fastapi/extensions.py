# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Extensions of ``schemas``, as in another addon."""

from pydantic import field_validator

from .schemas import Criteria, Location


class LocationCode(Location, extends=Location):
    code: str = "-"

    @field_validator("name")
    @classmethod
    def check_name(cls, value):
        return super().check_name(value).title()


class LocationZip(LocationCode, extends=LocationCode):
    zip: str = "-"


class CriteriaCode(Criteria, extends=Criteria):
    code: str = ""
