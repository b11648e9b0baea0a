# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Conditional requests: entity tags, ``If-None-Match`` and ``If-Match`` (RFC 9110).

A tag is a hash of the JSON that the client gets, and nothing else. The ``write_date``
of the record says too little: what a schema shows also depends on related records, on
computed fields, on the language, company and rights of the caller, and on the schema
itself. To read the ``write_date`` of all related records takes as many queries as to
read the records. The hash takes 4 µs for a record and 90 µs for a page of 80, is
different whenever the JSON is, and tells nothing that the JSON does not. So a 304 saves
the transfer, and not the work.

``If-Match`` compares with the same hash, of the record as it is in the transaction.
What was compared holds until the commit: the row of the record is updated, without a
change, so that two such requests at the same time are a conflict even where what they
write is in other tables, as the lines of an order are. PostgreSQL refuses the second
one, Odoo replays it, and it finds another tag. A lock would not do: after the wait, the
second one would still read what was there when it began.
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

__all__ = ["IfMatch", "IfNoneMatch", "make_etag"]

T = TypeVar("T", bound=BaseModel)
S = TypeVar("S", bound=RecordSchema)

#: The tags of a header (RFC 9110, 8.8.3). ``werkzeug.http.parse_etags`` of the releases
#: that Odoo asks for takes seconds for a header of thousands of spaces.
TAG = re.compile(r'(W/)?"([^"]*)"')
TAGS = re.compile(r'[ \t,]*((W/)?"[^"]*"[ \t,]*)*')

ETAG_SIZE = 16  # bytes: nobody finds two texts with the same hash by chance
PRECONDITION_FAILED = "The record has changed since you read it."


def make_etag(item: BaseModel) -> str:
    """Return the entity tag of what a route returns, in quotation marks.

    A strong one, of the JSON with all fields: what ``response_model_exclude_none`` and
    the like leave out counts, too.

    :param item: a record's schema, or a page of them
    """
    content = item.model_dump_json(by_alias=True).encode()
    return f'"{hashlib.blake2b(content, digest_size=ETAG_SIZE).hexdigest()}"'


class _Conditions:
    """The preconditions of a request.

    :param response: that FastAPI takes the headers from
    """

    def __init__(
        self, response: Response, if_match: str | None, if_none_match: str | None
    ) -> None:
        self._response = response
        self._if_match = _parse(if_match)
        self._if_none_match = _parse(if_none_match)

    def _has_mismatch(self, etag: str) -> bool:
        """Return whether ``If-Match`` names other tags only, by strong comparison."""
        return self._if_match is not None and not self._if_match.contains(etag)

    def _is_known(self, etag: str) -> bool:
        """Return whether ``If-None-Match`` names the tag, by weak comparison."""
        header = self._if_none_match
        return header is not None and header.contains_weak(etag)


# Each documents the header that is of use for its methods, and heeds the other one too.


class IfNoneMatch(_Conditions):
    """Dependency of a route that reads: 304 where the client has what it asks for.

    The response has an ``ETag`` in any case::

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
                description="`ETag` of an answer that the client has: if it is still "
                "the same, the answer is a 304 without content."
            ),
        ] = None,
        if_match: Annotated[str | None, Header(include_in_schema=False)] = None,
    ) -> None:
        super().__init__(response, if_match, if_none_match)

    def respond(self, item: T) -> T:
        """Return the item, with its tag in the response.

        :param item: what the route returns
        :raises CommittedHTTPException: 304, the client has it already
        :raises HTTPException: 412, an ``If-Match`` names another one
        """
        etag = make_etag(item)
        if self._has_mismatch(etag):
            raise HTTPException(412, PRECONDITION_FAILED)
        self._response.headers["ETag"] = etag
        if self._is_known(etag):
            # with the headers that dependencies have set, such as Cache-Control
            raise CommittedHTTPException(304, headers=dict(self._response.headers))
        return item


class IfMatch(_Conditions):
    """Dependency of a route that changes a record: 412 if the client knows another one.

    Without the header, there is no condition::

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
                description="`ETag` of the record as the client knows it: if it has "
                "changed since, nothing is done, and the answer is a 412."
            ),
        ] = None,
        if_none_match: Annotated[str | None, Header(include_in_schema=False)] = None,
    ) -> None:
        super().__init__(response, if_match, if_none_match)

    def check(
        self, record: Record, schema: type[RecordSchema], operation: str = "write"
    ) -> None:
        """Check that the record is the one that the client knows, until the commit.

        Called before anything is changed.

        :param record: that the user may read
        :param schema: of the response that the client has the tag from
        :param operation: what is done to it, ``write`` or ``unlink``
        :raises HTTPException: 412, it is another one
        :raises AccessError: the user may not do that, whatever the header says
        """
        if self._if_match is None and self._if_none_match is None:
            return
        record.check_access(operation)
        if record._auto:  # else it is no table, or not Odoo's
            record.env.cr.execute(
                SQL(
                    "UPDATE %s SET id = id WHERE id = %s",
                    SQL.identifier(record._table),
                    record.id,
                ),
                log_exceptions=False,  # a conflict: Odoo replays the request
            )
        etag = make_etag(schema.model_validate(record))
        if self._has_mismatch(etag) or self._is_known(etag):
            raise HTTPException(412, PRECONDITION_FAILED)

    def respond(self, record: Record, schema: type[S]) -> S:
        """Return the record as it is stored now, with its tag in the response.

        :param record: that was changed
        :param schema: the one of :meth:`check`
        :raises ValidationError: of a constraint that is checked when it is stored
        """
        read_stored(record.env)
        item = schema.model_validate(record)
        self._response.headers["ETag"] = make_etag(item)
        return item


def read_stored(env: Environment) -> None:
    """Have all that was changed read again, as other requests will read it.

    The cache has what was written: a list in the order of its ids, JSON with its keys
    in another order, a computed field that says not all it depends on.
    """
    env.invalidate_all()


def _parse(header: str | None) -> ETags | None:
    """Return the tags of a header, with their quotation marks; None without a header.

    One that is malformed names no tag.
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
