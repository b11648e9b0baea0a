# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a request needs to know about the log of its endpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .secret_names import SecretNames

__all__ = ["ROUTING_KEY", "LogSettings"]

#: Key of ``_get_routing_info``: the :class:`LogSettings`. It is missing if the log is
#: off.
ROUTING_KEY = "fastapi_request_log"


@dataclass(frozen=True)
class LogSettings:
    """The log of an endpoint.

    :param dbname: name of its database
    :param endpoint_id: id of the ``fastapi.endpoint``
    :param root_path: root path of the endpoint
    :param level: value of ``request_log``: ``errors``, ``all`` or ``bodies``
    :param secrets: names of values that are never stored
    """

    dbname: str
    endpoint_id: int
    root_path: str
    level: str
    secrets: SecretNames
