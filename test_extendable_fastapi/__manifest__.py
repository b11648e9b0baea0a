# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "Extendable FastAPI: tests",
    "summary": "An app whose schemas are extended, called by tests over HTTP",
    "version": "19.0.1.0.0",
    "category": "Hidden/Tests",
    "license": "LGPL-3",
    "author": "Odoo Community Association (OCA)",
    "website": "https://github.com/OCA/rest-framework",
    "depends": ["extendable_fastapi", "my_demo_extendable", "test_fastapi"],
}
