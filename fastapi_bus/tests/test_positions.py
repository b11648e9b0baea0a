# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import BaseCase

from ..positions import MAX_GAP, MAX_MISSING, Position


class TestPositions(BaseCase):
    def test_gaps(self):
        position = Position(5)
        self.assertEqual(list(position.advance(6)), [])
        self.assertEqual(list(position.advance(9)), [7, 8])
        self.assertEqual(str(position), "9-7-8")
        self.assertEqual(list(position.advance(7)), [])
        self.assertEqual(str(position), "9-8")
        position.advance(8)
        self.assertEqual(str(position), "9")

    def test_a_jump_is_not_a_gap(self):
        position = Position(5)
        position.advance(10**9)
        self.assertEqual(len(position.missing), MAX_GAP)

    def test_text(self):
        for text in ("0", "7", "9-7-8"):
            self.assertEqual(str(Position.parse(text)), text)
        for text in ("", "-1", "7-", "a", "7 ", "٧", "1" * 19, "1" + "-1" * 51):
            self.assertIsNone(Position.parse(text), text)

    def test_short_text_of_many_gaps(self):
        """Events may come twice then, but none is lost."""
        position = Position(10)
        position.advance(13 + MAX_MISSING)
        self.assertEqual(str(position), "10")
