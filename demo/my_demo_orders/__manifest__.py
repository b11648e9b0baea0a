{
    "name": "My Demo Orders",
    "summary": "Example: an API for the sales orders of a partner",
    "version": "19.0.2.0.0",
    "license": "LGPL-3",
    "author": "The odoo-fastapi contributors,Odoo Community Association (OCA)",
    "website": "https://github.com/OCA/rest-framework",
    "depends": ["fastapi", "sale"],
    "data": ["security/my_demo_orders.xml", "security/ir.model.access.csv"],
    "development_status": "Beta",
}
