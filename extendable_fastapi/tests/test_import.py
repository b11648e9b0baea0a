# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import BaseCase

from odoo.addons import extendable_fastapi


class TestImport(BaseCase):
    def test_names_that_addons_import(self):
        from odoo.addons.extendable_fastapi import StrictExtendableBaseModel
        from odoo.addons.extendable_fastapi.schemas import PagedCollection

        self.assertIs(
            StrictExtendableBaseModel,
            extendable_fastapi.schemas.StrictExtendableBaseModel,
        )
        self.assertIn(StrictExtendableBaseModel, PagedCollection.__mro__)

    def test_dispatcher(self):
        from odoo.addons.extendable_fastapi.fastapi_dispatcher import FastApiDispatcher
        from odoo.addons.fastapi import fastapi_dispatcher

        self.assertIs(FastApiDispatcher, fastapi_dispatcher.FastApiDispatcher)
