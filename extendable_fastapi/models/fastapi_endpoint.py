# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Apps are built and run with the extendable classes of their database."""

from collections.abc import Iterator
from contextlib import contextmanager

# FastAPI makes the routes of an app from the annotations that all databases share, and
# this teaches pydantic to find the classes of the database in their place.
import extendable_pydantic  # noqa: F401

from odoo import api, models

from odoo.addons.extendable.registry import extendable_classes


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

    @api.model
    @contextmanager
    def _app_context(self) -> Iterator[None]:
        with super()._app_context(), extendable_classes(self.env):
            yield
