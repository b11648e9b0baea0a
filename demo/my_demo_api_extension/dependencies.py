# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Dependencies that replace others."""

from typing import Annotated

from fastapi import Query

from odoo.addons.fastapi.dependencies import MAX_PAGE, paging
from odoo.addons.fastapi.schemas import Paging

__all__ = ["small_pages"]

#: Records on a page unless the client asks for another number.
PAGE_SIZE = 20
#: Most records on a page.
MAX_PAGE_SIZE = 100


def small_pages(
    page: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 1,
    page_size: Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE)] = PAGE_SIZE,
) -> Paging:
    """Return which records of a search the client asks for: ``paging``, with a limit.

    :param page: number of the page, from 1
    :param page_size: records on a page
    """
    return paging(page, page_size)
