# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Ways to authenticate, one module each."""

from ..exceptions import InvalidCredentials
from .api_key import ApiKeyWay
from .basic import BasicWay
from .caller import Caller
from .session import SessionWay
from .ways import Authentication, Way

__all__ = [
    "ApiKeyWay",
    "Authentication",
    "BasicWay",
    "Caller",
    "InvalidCredentials",
    "SessionWay",
    "Way",
]
