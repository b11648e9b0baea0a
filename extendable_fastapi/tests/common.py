# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The test case of ``fastapi``, with extendable classes."""

from odoo.addons.extendable.tests.common import ExtendableMixin
from odoo.addons.fastapi.tests.common import (
    FastAPITransactionCase as BaseFastAPITransactionCase,
)

__all__ = ["FastAPITransactionCase"]


class FastAPITransactionCase(ExtendableMixin, BaseFastAPITransactionCase):
    """Calls a router or an app without a server, as that of ``fastapi``.

    The extendable classes are those of the installed addons and of the tested addon's
    ``tests`` package.
    """

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.init_extendable_registry()
        cls.addClassCleanup(cls.reset_extendable_registry)
