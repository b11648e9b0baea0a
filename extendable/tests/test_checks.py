# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import datetime
import enum
from typing import Annotated, Any, Literal, TypeVar

from odoo.tests import BaseCase

from odoo.addons.extendable.checks import compatible

T = TypeVar("T")


class Color(str, enum.Enum):
    red = "red"


class TestCompatible(BaseCase):
    def test_types(self):
        for before, after, expected in (
            (str, str, True),
            (str, str | None, True),
            (str | None, str, True),
            (str | None, int | None, False),
            (str, int, False),
            (str, Color, True),
            (datetime.date, datetime.datetime, True),
            (int, float, False),
            (str, Annotated[str, "at most 10"], True),
            (str, Annotated[int, "positive"], False),
            (str, Literal["a"], True),  # in doubt
            (int | str, str, True),
            (list[str], list[int], True),  # in doubt
            (list[str], dict[str, str], False),
            (list[str], str, False),
            (str, Any, True),
            (Any, str, True),
            (T, str, True),
        ):
            with self.subTest(f"{before} {after}"):
                self.assertEqual(compatible(before, after), expected)
