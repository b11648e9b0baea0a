# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Version 16.0 had a checkbox ``expose_doc_urls`` in place of ``docs_access``."""

from odoo.tools.sql import column_exists


def migrate(cr, _version):
    if column_exists(cr, "fastapi_endpoint", "expose_doc_urls"):
        cr.execute(
            """
            UPDATE fastapi_endpoint SET docs_access = 'off'
             WHERE docs_access = 'public' AND expose_doc_urls IS NOT TRUE
            """
        )
