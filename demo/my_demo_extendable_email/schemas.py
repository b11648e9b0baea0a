# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from typing import Annotated

from pydantic import BeforeValidator

from odoo.addons.my_demo_extendable.schemas import Partner

__all__ = ["PartnerExtended"]

#: A text of a record, where Odoo has False for none.
OptionalText = Annotated[str | None, BeforeValidator(lambda value: value or None)]


class PartnerExtended(Partner, extends=Partner):
    """Wherever the name ``Partner`` is used, in the databases that have this addon."""

    email: OptionalText = None
