# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class TestFastapiTyped(models.Model):
    """A record with a field of each type."""

    _name = "test.fastapi.typed"
    _description = "Record of the FastAPI tests with a field of each type"
    _order = "id"

    name = fields.Char(required=True, help="What it is called.")
    title = fields.Char(translate=True)
    text = fields.Text()
    html = fields.Html()
    boolean = fields.Boolean()
    integer = fields.Integer()
    float = fields.Float(string="Weight")
    digits = fields.Float(digits=(16, 2))
    currency_id = fields.Many2one("res.currency")
    monetary = fields.Monetary()
    date = fields.Date()
    datetime = fields.Datetime()
    selection = fields.Selection([("low", "Low"), ("high", "High")])
    binary = fields.Binary()
    column_binary = fields.Binary(attachment=False)
    image = fields.Image()
    json = fields.Json()
    by_company = fields.Char(company_dependent=True)
    price_by_company = fields.Float(company_dependent=True)
    html_by_company = fields.Html(company_dependent=True)
    partner_by_company_id = fields.Many2one("res.partner", company_dependent=True)
    translated_html = fields.Html(translate=True)
    partner_id = fields.Many2one("res.partner")
    parent_id = fields.Many2one("test.fastapi.typed")
    child_ids = fields.One2many("test.fastapi.typed", "parent_id")
    partner_ids = fields.Many2many(
        "res.partner", string="Partners", relation="test_fastapi_typed_partner"
    )
    reference = fields.Reference(
        [("res.partner", "Partner"), ("res.currency", "Currency")]
    )
    res_model = fields.Char()
    res_id = fields.Many2oneReference(model_field="res_model")
    ir_model_id = fields.Many2one("ir.model")
    ir_model = fields.Char(related="ir_model_id.model")
    ir_model_record_id = fields.Many2oneReference(model_field="ir_model")
    properties_definition = fields.PropertiesDefinition()
    properties = fields.Properties(
        definition="parent_id.properties_definition", copy=True
    )
    secret = fields.Char(groups="base.group_system")
    computed = fields.Char(compute="_compute_computed")
    partner_email = fields.Char(related="partner_id.email")
    partner_image = fields.Image(related="partner_id.image_128")
    country_id = fields.Many2one(related="partner_id.country_id")
    country_name = fields.Char(related="country_id.name")  # translated
    categories = fields.Many2many(related="partner_id.category_id")

    def _compute_computed(self):
        for record in self:
            record.computed = f"{record.name}!"
