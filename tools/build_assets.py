# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Input of Odoo's shell: build the scripts and styles of all pages.

Each test in a browser would build them, and its rollback delete them. Odoo's own runner
does the same (``odoo.service.server.preload_registries``).
"""

env["ir.qweb"]._pregenerate_assets_bundles()  # type: ignore[name-defined]  # noqa: F821
env.cr.commit()  # type: ignore[name-defined]  # noqa: F821
