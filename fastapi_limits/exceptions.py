# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The exceptions of the addon."""

from fastapi import HTTPException

__all__ = ["TooManyRequests"]


class TooManyRequests(HTTPException):
    """429: a rate refuses a request.

    :param rate: the rate in words, such as ``100 requests per minute``
    :param seconds: time until the next request is allowed
    """

    def __init__(self, rate: str, seconds: int) -> None:
        noun = "second" if seconds == 1 else "seconds"
        detail = f"Only {rate} are allowed here. Try again in {seconds} {noun}."
        super().__init__(429, detail, {"Retry-After": str(seconds)})
        self.seconds = seconds
