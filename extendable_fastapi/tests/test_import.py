# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import BaseCase

from odoo.addons import extendable_fastapi


class TestImport(BaseCase):
    def test_names_that_addons_import(self):
        from .. import StrictExtendableBaseModel
        from ..schemas import PagedCollection

        self.assertIs(
            StrictExtendableBaseModel,
            extendable_fastapi.schemas.StrictExtendableBaseModel,
        )
        self.assertIn(StrictExtendableBaseModel, PagedCollection.__mro__)

    def test_dispatcher(self):
        from odoo.addons.fastapi import fastapi_dispatcher

        from ..fastapi_dispatcher import FastApiDispatcher

        self.assertIs(FastApiDispatcher, fastapi_dispatcher.FastApiDispatcher)
