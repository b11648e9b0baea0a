# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``fastapi.endpoint``: which root paths it may have."""

from odoo import api, models
from odoo.exceptions import ValidationError

from ..root_paths import clean_root_path, is_reserved, is_valid


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _clean_vals(self, vals):
        """Clean the root path.

        :raises ValidationError: it is reserved or not valid
        """
        vals = super()._clean_vals(vals)
        if "root_path" in vals:
            given = vals["root_path"]
            vals["root_path"] = path = clean_root_path(given)
            if is_reserved(path) or path in self._blacklist_root_paths:
                raise ValidationError(
                    self.env._(
                        "The root path %(path)s is not possible: Odoo itself serves "
                        "paths below /%(segment)s.",
                        path=path,
                        segment=path.split("/")[1],
                    )
                )
            if not is_valid(path):
                raise ValidationError(
                    self.env._(
                        "The root path %(path)s is not possible: use segments of "
                        "letters, digits and - . _ ~ only, such as /api/v1.",
                        path=repr(given),
                    )
                )
        return vals

    def _check_root_path_free(self, root_path):
        """Refuse a root path that another active endpoint has.

        The index also refuses it, but its message does not name the endpoint.
        """
        active = self.sudo().with_context(active_test=True)
        other = active.search(
            [("root_path", "=", root_path), ("id", "not in", self.ids)], limit=1
        )
        if other:
            raise ValidationError(
                self.env._(
                    "The root path %(path)s is taken by the endpoint %(other)s.",
                    path=root_path,
                    other=other.name,
                )
            )

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for endpoint, vals in zip(self, vals_list, strict=True):
            if "root_path" not in (default or {}):
                vals["root_path"] = self._free_root_path(f"{endpoint.root_path}-copy")
        return vals_list

    @api.model
    def _free_root_path(self, root_path):
        """Return a root path, with a number appended if it is already in use."""
        number, candidate = 1, root_path
        # sudo: including endpoints of other companies
        endpoints = self.sudo().with_context(active_test=False)
        while endpoints.search_count([("root_path", "=", candidate)], limit=1):
            number += 1
            candidate = f"{root_path}-{number}"
        return candidate
