# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Build and run apps with the extendable classes of their database."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# All databases share the annotations of routes. This import makes pydantic replace the
# classes in them by those of the database.
import extendable_pydantic  # noqa: F401
from extendable.context import extendable_registry
from fastapi import FastAPI

from odoo import api, models

from odoo.addons.extendable.registry import (
    _extendable_registries_database,
    extendable_classes,
)

from ..nesting import find_unseen_extensions

_logger = logging.getLogger(__name__)


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

    @api.model
    @contextmanager
    def _app_context(self) -> Iterator[None]:
        with super()._app_context(), extendable_classes(self.env):
            yield

    @api.model
    def _get_sharing_key(self) -> tuple[Any, ...]:
        return (*super()._get_sharing_key(), extendable_registry.get())

    def _check_app(self, app: FastAPI) -> None:
        result = super()._check_app(app)
        registry = _extendable_registries_database.of(self.env.registry)
        if registry is not None:
            for holder, model in find_unseen_extensions(app, registry):
                _logger.warning(
                    "%s: extensions of %s are not seen in %s, which is not extendable",
                    self.root_path,
                    model,
                    holder,
                )
        return result
