# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``fastapi.endpoint.change``: logs changes of endpoints; needs no ``mail``."""

from odoo import api, fields, models


class FastapiEndpointChange(models.Model):
    """A write of one field of an endpoint."""

    _name = "fastapi.endpoint.change"
    _description = "Change of a FastAPI Endpoint"
    _order = "id desc"
    _rec_name = "field_name"

    endpoint_id = fields.Many2one(
        comodel_name="fastapi.endpoint", required=True, ondelete="cascade", index=True
    )
    author_id = fields.Many2one(
        comodel_name="res.users",
        string="By",
        default=lambda self: self.env.user,
        help="Who changed the endpoint.",
    )
    date = fields.Datetime(
        string="On",
        default=fields.Datetime.now,
        help="When the endpoint was changed.",
    )
    field_name = fields.Char(required=True, help="Technical name of the field.")
    field_label = fields.Char(
        string="Field",
        compute="_compute_field_label",
        help="The field as the form calls it.",
    )
    old_value = fields.Text(
        string="Before",
        help="Empty if some administrators of FastAPI may not read the field.",
    )
    new_value = fields.Text(
        string="After",
        help="Empty if some administrators of FastAPI may not read the field.",
    )

    @api.depends("field_name")
    @api.depends_context("lang")
    def _compute_field_label(self):
        labels = self.env["fastapi.endpoint"].sudo().fields_get(attributes=["string"])
        for change in self:
            # the addon of the field may have been uninstalled
            label = labels.get(change.field_name, {}).get("string")
            change.field_label = label or change.field_name


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"  # pylint: disable=consider-merging-classes-inherited

    change_ids = fields.One2many(
        comodel_name="fastapi.endpoint.change",
        inverse_name="endpoint_id",
        string="Changes",
        groups="fastapi.group_fastapi_manager",
        help="Who changed what, and when.",
    )

    def write(self, vals):
        names = [name for name in vals if self._is_logged(name)]
        endpoints = self.sudo()
        before = [[e._get_logged_text(name) for name in names] for e in endpoints]
        result = super().write(vals)
        changes = []
        for endpoint, texts in zip(endpoints, before, strict=True):
            for name, old in zip(names, texts, strict=True):
                new = endpoint._get_logged_text(name)
                if new == old:
                    continue
                change = {"endpoint_id": endpoint.id, "field_name": name}
                # hide values that some managers must not read
                if self._may_managers_read(name):
                    change |= {"old_value": old, "new_value": new}
                changes.append(change)
        if changes:
            self.env["fastapi.endpoint.change"].sudo().create(changes)
        return result

    @api.model
    def _is_logged(self, name: str) -> bool:
        """Return whether writes of a field are logged."""
        field = self._fields.get(name)
        return bool(
            field
            and field.store
            and field.type not in ("binary", "json", "one2many")
            and name != "app_version"
        )

    @api.model
    def _may_managers_read(self, name: str) -> bool:
        """Return whether all administrators of FastAPI may read a field."""
        groups = self._fields[name].groups
        return not groups or groups.startswith("fastapi.group_fastapi_")

    def _get_logged_text(self, name: str) -> str:
        """Return the value of a field as the log shows it."""
        field = self._fields[name]
        if field.type == "boolean":
            return self.env._("Yes") if self[name] else self.env._("No")
        return str(field.convert_to_export(self[name], self)).strip()
