# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Types of fields that several schemas have."""

from typing import Annotated

from pydantic import BeforeValidator

__all__ = ["OptionalText"]

#: A text of a record, where Odoo has False for none.
OptionalText = Annotated[str | None, BeforeValidator(lambda value: value or None)]
