# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from typing import Annotated

from pydantic import BeforeValidator

from odoo.addons.my_demo_extendable.schemas import Partner

__all__ = ["PartnerExtended"]

#: A text of a record. Odoo has False for an empty text.
OptionalText = Annotated[str | None, BeforeValidator(lambda value: value or None)]


class PartnerExtended(Partner, extends=Partner):
    """Extends ``Partner`` everywhere, in databases with this addon."""

    email: OptionalText = None
