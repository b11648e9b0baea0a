# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``fastapi.request.log``: one call of an endpoint."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields as dataclass_fields
from operator import attrgetter

from odoo import api, fields, models, tools
from odoo.tools import SQL

from odoo.addons.fastapi.system_parameters import get_number

from ..calls import Call
from ..writer import take_test_calls
from .fastapi_request_hour import MAX_DAYS

#: System parameter: how much of a body is stored, in bytes.
BODY_SIZE_PARAMETER = "fastapi_request_log.body_size"
BODY_SIZE = 4096
#: Rows that are deleted in one transaction.
PIECE = 10_000
#: Models that count the calls.
ROLL_UPS = ("fastapi.request.hour", "fastapi.request.total")
_COLUMNS = [
    field.name for field in dataclass_fields(Call) if field.name not in ("stored",)
]
_get_values = attrgetter(*_COLUMNS)


class ManyToOne(fields.Many2one):
    """A reference without a foreign key.

    Deleting an endpoint would delete all its calls at once, which may be millions.
    """

    def update_db_foreign_key(self, model, column):
        """Add none."""


class FastapiRequestLog(models.Model):
    """A call of an endpoint whose log stores it.

    Rows are inserted by SQL. They have no foreign key to their endpoint: those of a
    deleted one are hidden by a record rule, and deleted soon.
    """

    _name = "fastapi.request.log"
    _description = "Call of a FastAPI Endpoint"
    _order = "date desc, id desc"
    _log_access = False
    _rec_name = "path"

    date = fields.Datetime(string="Time", required=True, readonly=True)
    endpoint_id = ManyToOne(
        comodel_name="fastapi.endpoint",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    method = fields.Char(required=True, readonly=True)
    route = fields.Char(
        readonly=True,
        help="The path of the route, with the names of its parameters.",
    )
    path = fields.Char(
        readonly=True, help="The path as called, with the query. Secrets are replaced."
    )
    status = fields.Integer(readonly=True, aggregator=None)
    duration = fields.Float(
        string="Duration (ms)",
        readonly=True,
        aggregator="avg",
        help="Milliseconds from the start of the request until the response was sent, "
        "without background tasks.",
    )
    queries = fields.Integer(
        readonly=True,
        aggregator="avg",
        help="Queries until the commit, without those of a stream.",
    )
    sql_duration = fields.Float(
        string="SQL (ms)",
        readonly=True,
        aggregator="avg",
        help="Milliseconds that the queries took.",
    )
    request_size = fields.Integer(
        string="Request (Bytes)", readonly=True, aggregator="avg"
    )
    response_size = fields.Integer(
        string="Response (Bytes)", readonly=True, aggregator="avg"
    )
    user_id = fields.Many2one(
        comodel_name="res.users", readonly=True, ondelete="set null"
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner", readonly=True, ondelete="set null"
    )
    key_id = fields.Many2one(
        comodel_name="fastapi.endpoint.key",
        string="API Key",
        readonly=True,
        ondelete="set null",
    )
    key_name = fields.Char(
        string="Name of the Key",
        readonly=True,
        help="What the key was called then. It stays when the key is revoked.",
    )
    auth_method = fields.Char(string="Authenticated by", readonly=True)
    agent = fields.Char(
        readonly=True,
        help="The client that sent a message to the MCP server, with its version. A "
        "call of a tool has the method, route and status of the tool's route.",
    )
    address = fields.Char(readonly=True, help="Address of the client.")
    request_id = fields.Char(
        string="Request ID",
        readonly=True,
        help="The header X-Request-ID. Lines of Odoo's log have it, too.",
    )
    attempts = fields.Integer(
        readonly=True,
        aggregator="avg",
        help="How often the handler ran: more than once after conflicts with other "
        "transactions.",
    )
    error = fields.Text(readonly=True, help="Type and text of the exception.")
    error_place = fields.Char(
        string="Raised at",
        readonly=True,
        help="File and line where the exception was raised.",
    )
    request_headers = fields.Text(readonly=True)
    request_body = fields.Text(readonly=True)
    response_headers = fields.Text(readonly=True)
    response_body = fields.Text(readonly=True)

    # The list is ordered by date, so each filter has an index that ends with it.
    _date_index = models.Index("(date)")
    _endpoint_index = models.Index("(endpoint_id, date)")
    _client_errors_index = models.Index("(date) WHERE status >= 400")
    _server_errors_index = models.Index("(date) WHERE status >= 500")
    _user_index = models.Index("(user_id, date) WHERE user_id IS NOT NULL")
    _partner_index = models.Index("(partner_id, date) WHERE partner_id IS NOT NULL")
    _key_index = models.Index("(key_id, date) WHERE key_id IS NOT NULL")
    _agent_index = models.Index("(date) WHERE agent IS NOT NULL")
    _request_id_index = models.Index("USING hash (request_id)")

    def init(self):
        # Ids are 32 bits, and rows are deleted long before all of them are used.
        self.env.cr.execute(
            "ALTER SEQUENCE fastapi_request_log_id_seq MAXVALUE 2147483647 CYCLE"
        )

    @api.model
    @tools.ormcache(cache="stable")  # that of system parameters
    def _get_body_size(self) -> int:
        """Return how much of a body is stored, in bytes."""
        return int(get_number(self.env, BODY_SIZE_PARAMETER, BODY_SIZE))

    # Writing

    @api.model
    def _store(self, calls: Iterable[Call]) -> FastapiRequestLog:
        """Insert the calls that are stored, and let the roll-ups count all.

        Called by the writer, in a transaction of its own. Calls of deleted endpoints
        are dropped.
        """
        calls = self._resolve(list(calls))
        ids = self._insert([call for call in calls if call.stored])
        if calls:
            for name in ROLL_UPS:
                self.env[name]._count(calls)
        return self.browse(ids)

    @api.model
    def _insert(self, calls: list[Call]) -> list[int]:
        """Insert rows, and return their ids. Empty texts are NULL.

        One parameter for all rows takes less time than one for each value. ``COPY``
        would be faster, but it does not work in the evented server.
        """
        if not calls:
            return []
        rows = [
            {
                name: value
                for name, value in zip(_COLUMNS, _get_values(call), strict=True)
                if value is not None and value != ""
            }
            for call in calls
        ]
        columns = SQL(", ").join(map(SQL.identifier, _COLUMNS))
        types = SQL(", ").join(
            SQL("%s %s", SQL.identifier(name), SQL(self._fields[name].column_type[0]))
            for name in _COLUMNS
        )
        query = SQL(
            "INSERT INTO %s (%s) SELECT %s FROM json_to_recordset(%s) AS call (%s) "
            "RETURNING id",
            SQL.identifier(self._table),
            columns,
            columns,
            json.dumps(rows, default=str),
            types,
        )
        # else Odoo would log the bodies of all, if the table is locked for example
        self.env.cr.execute(query, log_exceptions=False)
        return [id_ for (id_,) in self.env.cr.fetchall()]

    @api.model
    def _resolve(self, calls: list[Call]) -> list[Call]:
        """Complete calls by what the database knows, and drop ids that are gone."""
        endpoints = self._read_rows(
            "fastapi_endpoint", "id", calls, "endpoint_id", must_wait=True
        )
        users = self._read_rows("res_users", "partner_id", calls, "user_id")
        keys = self._read_rows("fastapi_endpoint_key", "name", calls, "key_id")
        for call in calls:
            if call.user_id not in users:
                call.user_id = None
            elif call.partner_id is None:
                call.partner_id = users[call.user_id]
            call.key_name = keys.get(call.key_id)
            if call.key_id not in keys:
                call.key_id = None
        partners = self._read_rows("res_partner", "id", calls, "partner_id")
        for call in calls:
            if call.partner_id not in partners:
                call.partner_id = None
        return [call for call in calls if call.endpoint_id in endpoints]

    def _read_rows(self, table, column, calls, name, must_wait=False):
        """Return a column of the records of calls by their ids.

        The records can't be deleted until the commit.

        :param name: attribute of the calls that has the ids
        :param must_wait: whether to wait for a transaction that has locked a record,
            for example with ``SELECT … FOR UPDATE``; otherwise the record counts as
            deleted
        :raises psycopg2.errors.LockNotAvailable: the wait takes too long
        """
        ids = {getattr(call, name) for call in calls} - {None}
        if not ids:
            return {}
        query = SQL(
            "SELECT id, %s FROM %s WHERE id IN %s ORDER BY id FOR KEY SHARE %s",
            SQL.identifier(column),
            SQL.identifier(table),
            tuple(ids),
            SQL() if must_wait else SQL("SKIP LOCKED"),
        )
        return dict(self.env.execute_query(query))

    @api.model
    def _flush_calls(self) -> FastapiRequestLog:
        """Store the calls of a test, and return them.

        For an ``HttpCase``, whose calls are on the cursor of the test::

            self.url_open("/my_api/items")
            call = self.env["fastapi.request.log"]._flush_calls()
        """
        self.env.flush_all()
        calls = self._store(take_test_calls())
        self.env.invalidate_all()
        return calls

    # Deleting

    @api.autovacuum
    def _gc_calls(self) -> tuple[int, bool]:
        """Delete some of the rows that are too old, or whose endpoint is deleted.

        Odoo commits, and calls this again as long as there are more, until the time of
        the job is over.

        :return: how many were deleted, and whether there are more
        """
        done = 0
        for endpoint_id, days in self._get_days_kept().items():
            condition = SQL("TRUE")
            if days is not None:
                condition = SQL(
                    "date < now() AT TIME ZONE 'UTC' - %s * interval '1 day'",
                    min(days, MAX_DAYS),
                )
            # an array, because PostgreSQL may run a subquery with IN for each row
            query = SQL(
                """
                DELETE FROM fastapi_request_log
                 WHERE id = ANY (ARRAY(
                           SELECT id FROM fastapi_request_log
                            WHERE endpoint_id = %s AND %s
                         ORDER BY date
                            LIMIT %s))
                """,
                endpoint_id,
                condition,
                PIECE - done,
            )
            self.env.cr.execute(query)
            done += self.env.cr.rowcount
            if done >= PIECE:
                return done, True
        return done, False

    @api.model
    def _get_days_kept(self) -> dict[int, int | None]:
        """Return the days that calls are kept, by id of their endpoint.

        :return: None as days of an endpoint that is deleted; those that keep all calls
            are missing
        """
        self.env["fastapi.endpoint"].flush_model(["request_log_days"])
        # one look into the index for each endpoint, instead of reading all rows
        query = SQL(
            """
            WITH RECURSIVE ids AS (
                SELECT min(endpoint_id) AS id FROM fastapi_request_log
                 UNION ALL
                SELECT (SELECT min(endpoint_id) FROM fastapi_request_log
                         WHERE endpoint_id > ids.id)
                  FROM ids WHERE ids.id IS NOT NULL
            )
            SELECT ids.id, endpoint.id IS NOT NULL, endpoint.request_log_days
              FROM ids
         LEFT JOIN fastapi_endpoint endpoint ON endpoint.id = ids.id
             WHERE ids.id IS NOT NULL
            """
        )
        return {
            endpoint_id: days if exists else None
            for endpoint_id, exists, days in self.env.execute_query(query)
            if days or not exists
        }
