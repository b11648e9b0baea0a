# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Version 19.0.1.0.0 had the groups of the documentation in the default table.

That is the table of any other field from endpoints to groups, which addons have.
"""

FORMER_TABLE = "fastapi_endpoint_res_groups_rel"
TABLE = "fastapi_endpoint_docs_group_rel"


def migrate(cr, _version):
    cr.execute(
        """
        SELECT FROM ir_model_fields
         WHERE model = 'fastapi.endpoint' AND name = 'docs_group_ids'
           AND relation_table = %s AND to_regclass(%s) IS NULL
        """,
        [FORMER_TABLE, TABLE],
    )
    if cr.rowcount:
        cr.execute(f"ALTER TABLE {FORMER_TABLE} RENAME TO {TABLE}")
        cr.execute(
            "UPDATE ir_model_relation SET name = %s WHERE name = %s",
            [TABLE, FORMER_TABLE],
        )
