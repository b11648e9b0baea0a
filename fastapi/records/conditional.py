# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Conditional requests: ``ETag``, ``If-None-Match`` and ``If-Match`` (RFC 9110).

An entity tag is a hash of the JSON that the client gets. ``write_date`` is not enough:
the content also depends on related records, computed fields, the language, company and
rights of the caller, and the schema. The hash takes 4 µs for a record and 90 µs for a
page of 80. The content is read in any case, so a 304 saves the transfer, not the work.

``If-Match`` is compared with the hash of the record in the current transaction. The
comparison must hold until the commit, so an ``UPDATE`` without changes writes the row
of the record. Concurrent requests for the record then conflict, even if they write to
other tables, such as the lines of an order: PostgreSQL refuses the second one, Odoo
replays it, and it sees the new tag. A lock is not enough: after waiting for it, the
second transaction would still read its old snapshot.
"""

import hashlib
import re
from typing import Annotated, TypeVar

from fastapi import Header, HTTPException, Response
from pydantic import BaseModel
from werkzeug.datastructures import ETags

from odoo.api import Environment
from odoo.models import BaseModel as Record
from odoo.tools import SQL

from ..exceptions import CommittedHTTPException
from .schema import RecordSchema

__all__ = ["IfMatch", "IfNoneMatch", "make_etag", "read_stored"]

T = TypeVar("T", bound=BaseModel)
S = TypeVar("S", bound=RecordSchema)

#: The tags of a header (RFC 9110, 8.8.3). In the releases that Odoo requires,
#: ``werkzeug.http.parse_etags`` takes seconds for a header of thousands of spaces.
TAG = re.compile(r'(W/)?"([^"]*)"')
TAGS = re.compile(r'[ \t,]*((W/)?"[^"]*"[ \t,]*)*')

ETAG_SIZE = 16  # bytes: no collisions by chance
PRECONDITION_FAILED = "The record has changed since you read it."


def make_etag(item: BaseModel) -> str:
    """Return the strong entity tag of a response body, in quotation marks.

    The hash covers all fields, even those that ``response_model_exclude_none`` or
    similar options leave out.

    :param item: schema of a record, or a page of them
    """
    content = item.model_dump_json(by_alias=True).encode()
    return f'"{hashlib.blake2b(content, digest_size=ETAG_SIZE).hexdigest()}"'


class _Conditions:
    """The preconditions of a request.

    :param response: its headers are sent with the response of the route
    """

    def __init__(
        self, response: Response, if_match: str | None, if_none_match: str | None
    ) -> None:
        self._response = response
        self._if_match = _parse(if_match)
        self._if_none_match = _parse(if_none_match)

    def _has_mismatch(self, etag: str) -> bool:
        """Return whether ``If-Match`` has only other tags, by strong comparison."""
        return self._if_match is not None and not self._if_match.contains(etag)

    def _is_known(self, etag: str) -> bool:
        """Return whether ``If-None-Match`` has the tag, by weak comparison."""
        header = self._if_none_match
        return header is not None and header.contains_weak(etag)


# Each class checks both headers, but documents only the one that suits its routes.


class IfNoneMatch(_Conditions):
    """Dependency of a route that reads: 304 if the client already has the content.

    It sets ``ETag`` in the response::

        @router.get("/orders/{order_id}")
        def get_order(
            order: …, condition: Annotated[IfNoneMatch, Depends()]
        ) -> Order:
            return condition.respond(Order.model_validate(order))
    """

    def __init__(
        self,
        response: Response,
        if_none_match: Annotated[
            str | None,
            Header(
                description="`ETag` of a response that the client has. If the content "
                "is the same, the response is a 304 without a body."
            ),
        ] = None,
        if_match: Annotated[str | None, Header(include_in_schema=False)] = None,
    ) -> None:
        super().__init__(response, if_match, if_none_match)

    def respond(self, item: T) -> T:
        """Return the item, and set ``ETag`` in the response.

        :param item: what the route returns
        :raises CommittedHTTPException: 304, the client has this content
        :raises HTTPException: 412, ``If-Match`` has only other tags
        """
        etag = make_etag(item)
        if self._has_mismatch(etag):
            raise HTTPException(412, PRECONDITION_FAILED)
        self._response.headers["ETag"] = etag
        if self._is_known(etag):
            # keep the headers that dependencies have set, also repeated ones
            raise CommittedHTTPException(304, headers=self._response.headers)
        return item


class IfMatch(_Conditions):
    """Dependency of a route that changes a record: 412 if the client has an old state.

    Without the header, nothing is checked::

        @router.post("/orders/{order_id}/confirm")
        def confirm(order: …, condition: Annotated[IfMatch, Depends()]) -> Order:
            condition.check(order, Order)
            order.action_confirm()
            return condition.respond(order, Order)
    """

    def __init__(
        self,
        response: Response,
        if_match: Annotated[
            str | None,
            Header(
                description="`ETag` of the record as the client knows it. If it has "
                "changed since, nothing is done, and the response is a 412."
            ),
        ] = None,
        if_none_match: Annotated[str | None, Header(include_in_schema=False)] = None,
    ) -> None:
        super().__init__(response, if_match, if_none_match)

    def check(
        self, record: Record, schema: type[RecordSchema], operation: str = "write"
    ) -> None:
        """Check that the record has not changed since the client read it.

        Call this before you change anything. The result holds until the commit.

        :param record: a record that the user may read
        :param schema: schema of the response with the client's tag
        :param operation: ``write`` or ``unlink``
        :raises HTTPException: 412, the record has changed
        :raises AccessError: the user may not do the operation, with or without a match
        """
        if self._if_match is None and self._if_none_match is None:
            return
        record.check_access(operation)
        if record._auto:  # otherwise Odoo does not own the table, or there is none
            table = SQL.identifier(record._table)
            query = SQL("UPDATE %s SET id = id WHERE id = %s", table, record.id)
            # on a conflict, Odoo replays the request
            record.env.cr.execute(query, log_exceptions=False)
        etag = make_etag(schema.model_validate(record))
        if self._has_mismatch(etag) or self._is_known(etag):
            raise HTTPException(412, PRECONDITION_FAILED)

    def respond(self, record: Record, schema: type[S]) -> S:
        """Return the changed record as it is stored, and set ``ETag`` in the response.

        :param schema: the same as for :meth:`check`
        :raises ValidationError: the record violates a constraint when Odoo stores it
        """
        read_stored(record.env)
        item = schema.model_validate(record)
        self._response.headers["ETag"] = make_etag(item)
        return item


def read_stored(env: Environment) -> None:
    """Flush and drop the cache, so that values are read as later requests read them.

    The cache can differ from the database in the order of x2many records and of JSON
    keys, and in computed fields with incomplete dependencies.
    """
    env.invalidate_all()


def _parse(header: str | None) -> ETags | None:
    """Return the tags of a header, with their quotation marks.

    A malformed header has no tags.
    """
    if header is None:
        return None
    if not TAGS.fullmatch(header):
        return ETags(star_tag=header.strip(" \t") == "*")
    tags = TAG.findall(header)
    return ETags(
        strong_etags=[f'"{tag}"' for weak, tag in tags if not weak],
        weak_etags=[f'"{tag}"' for weak, tag in tags if weak],
    )
