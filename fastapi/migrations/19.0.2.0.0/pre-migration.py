# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Prepare a database of the published addon, or of an earlier version of this one."""

from odoo.tools.sql import SQL, table_exists

FORMER_TABLE = "fastapi_endpoint_res_groups_rel"
TABLE = "fastapi_endpoint_docs_group_rel"


def migrate(cr, _version):
    _rename_docs_groups(cr)
    _clean_root_paths(cr)
    _drop_routes(cr)


def _rename_docs_groups(cr):
    """Version 19.0.1.0.0 had the groups of the documentation in the default table.

    Other addons may have a field from endpoints to groups, which has that table too.
    """
    cr.execute(
        """
        SELECT FROM ir_model_fields
         WHERE model = 'fastapi.endpoint' AND name = 'docs_group_ids'
           AND relation_table = %s AND to_regclass(%s) IS NULL
        """,
        [FORMER_TABLE, TABLE],
    )
    if cr.rowcount:
        names = SQL.identifier(FORMER_TABLE), SQL.identifier(TABLE)
        cr.execute(SQL("ALTER TABLE %s RENAME TO %s", *names))
        cr.execute(
            "UPDATE ir_model_relation SET name = %s WHERE name = %s",
            [TABLE, FORMER_TABLE],
        )


def _clean_root_paths(cr):
    """The published addon accepts ``/api/`` and ``//api``; nothing is mounted there.

    A root path stays as it is where another endpoint has the clean one.
    """
    cr.execute(
        """
        UPDATE fastapi_endpoint SET root_path = cleaned.path
          FROM (
            SELECT id,
                   '/' || trim('/' FROM regexp_replace(root_path, '/+', '/', 'g')) path
              FROM fastapi_endpoint
          ) cleaned
         WHERE cleaned.id = fastapi_endpoint.id
           AND NOT EXISTS (
             SELECT FROM fastapi_endpoint other WHERE other.root_path = cleaned.path
           )
        """
    )


def _drop_routes(cr):
    """The published addon registered routes in ``endpoint_route_handler``.

    They match before those of this addon, with settings that no longer change.
    """
    if table_exists(cr, "endpoint_route"):
        cr.execute("DELETE FROM endpoint_route WHERE key LIKE 'fastapi.endpoint:%'")
