# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Conditional requests: entity tags, ``If-None-Match`` and ``If-Match`` (RFC 9110).

A tag is a hash of the JSON that the client gets, and nothing else. The ``write_date``
of the record would be cheaper, but says too little: what a schema shows also depends on
related records, on computed fields, on the language, company and rights of the caller,
and on the schema itself. To read the ``write_date`` of all related records takes as
many queries as to read the records. A hash is different whenever the JSON is, and never
tells more than the JSON does. So a 304 saves the transfer, and not the work.

``If-Match`` compares with the same hash, of the record as it is in the transaction.
What was compared holds until the commit: the row of the record is updated, without a
change, so that two such requests at the same time are a conflict even where what they
write is in other tables, as the lines of an order are. PostgreSQL refuses the second
one, Odoo replays it, and it finds another tag. A lock would not do: after the wait, the
second one would still read what was there when it began.
"""

import hashlib
from typing import Annotated, TypeVar

from fastapi import Header, HTTPException, Response
from pydantic import BaseModel
from werkzeug.datastructures import ETags
from werkzeug.http import parse_etags, quote_etag, unquote_etag

from odoo.models import BaseModel as Record
from odoo.tools import SQL

from ..error_handlers import CommittedHTTPException
from .schema import RecordSchema

__all__ = ["IfMatch", "IfNoneMatch", "make_etag"]

T = TypeVar("T", bound=BaseModel)

ETAG_SIZE = 16  # bytes: nobody finds two texts with the same hash by chance
PRECONDITION_FAILED = "The record is not, or no longer, the one that you know."


def make_etag(item: BaseModel) -> str:
    """Return the entity tag of what a route returns, in quotation marks.

    A strong one: the same JSON has the same tag, as long as the route shows all of it
    (see ``response_model_exclude_none`` and the like) in the same way.

    :param item: a record's schema, or a page of them
    """
    content = item.model_dump_json(by_alias=True).encode()
    return quote_etag(hashlib.blake2b(content, digest_size=ETAG_SIZE).hexdigest())


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
        """Return whether ``If-Match`` names other tags: by the strong comparison."""
        tag, _is_weak = unquote_etag(etag)
        return self._if_match is not None and not self._if_match.contains(tag)

    def _is_known(self, etag: str) -> bool:
        """Return whether ``If-None-Match`` names the tag: by the weak comparison."""
        tag, _is_weak = unquote_etag(etag)
        return self._if_none_match is not None and self._if_none_match.contains_weak(
            tag
        )


# Each documents the header that is of use for its methods, and heeds the other one too.


class IfNoneMatch(_Conditions):
    """Dependency of a route that reads: 304 where the client has what it asks for::

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
            return condition.respond(Order.model_validate(order))
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

        :param record: that the client may read; not locked without the header
        :param schema: the one that the client got with the tag
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
                )
            )
        etag = make_etag(schema.model_validate(record))
        if self._has_mismatch(etag) or self._is_known(etag):
            raise HTTPException(412, PRECONDITION_FAILED)

    def respond(self, item: T) -> T:
        """Return the item, with its tag in the response.

        :param item: the record as it is now
        """
        self._response.headers["ETag"] = make_etag(item)
        return item


def _parse(header: str | None) -> ETags | None:
    """Return the tags of a header; one that is there and names none matches nothing."""
    return None if header is None else parse_etags(header)
