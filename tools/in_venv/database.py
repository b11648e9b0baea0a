# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Ask PostgreSQL on behalf of ``tools/database.py``, which has no client library.

Runs under the virtual environment's Python; the server is that of the PG* variables.
Prints JSON: ``python database.py ACTION ARGUMENT...``.
"""

import json
import sys
from contextlib import closing

import psycopg2
from psycopg2 import sql


def connect(name):
    connection = psycopg2.connect(dbname=name, connect_timeout=10)
    connection.autocommit = True
    return connection


def connect_for_administration():
    # A server may keep one of them from this role; every server has them.
    try:
        return connect("postgres")
    except psycopg2.OperationalError:
        return connect("template1")


def get_state(name):
    with closing(connect_for_administration()) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT rolcreatedb OR rolsuper, current_user FROM pg_roles"
            " WHERE rolname = current_user"
        )
        can_create, user = cursor.fetchone()
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database"
            " WHERE datname = %s",
            [name],
        )
        found = cursor.fetchone()
        state = {
            "version": connection.server_version // 10000,
            "user": user,
            "can_create": can_create,
            "exists": bool(found),
            "comment": found and found[0],
            "modules": {},
        }
    if state["exists"]:
        with closing(connect(name)) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT to_regclass('ir_module_module')")
            if cursor.fetchone()[0]:
                cursor.execute("SELECT name, state FROM ir_module_module")
                state["modules"] = dict(cursor.fetchall())
    return state


def administer(query, *parts):
    with closing(connect_for_administration()) as connection:
        connection.cursor().execute(sql.SQL(query).format(*parts))
    return {}


def drop(name):
    return administer("DROP DATABASE IF EXISTS {} WITH (FORCE)", sql.Identifier(name))


def copy(name, source):
    return administer(
        "CREATE DATABASE {} TEMPLATE {}", sql.Identifier(name), sql.Identifier(source)
    )


def comment(name, text):
    return administer(
        "COMMENT ON DATABASE {} IS {}", sql.Identifier(name), sql.Literal(text)
    )


def get_endpoints(name):
    with closing(connect(name)) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT name, root_path, docs_access <> 'off' FROM fastapi_endpoint"
            " WHERE active ORDER BY root_path"
        )
        return {"endpoints": cursor.fetchall()}


actions = {
    "state": get_state,
    "drop": drop,
    "copy": copy,
    "comment": comment,
    "endpoints": get_endpoints,
}
try:
    print(json.dumps(actions[sys.argv[1]](*sys.argv[2:])))
except psycopg2.Error as error:
    print(json.dumps({"error": " ".join(str(error).split())}))
