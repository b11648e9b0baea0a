# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Ways to authenticate, one module each."""

from .caller import Caller
from .ways import InvalidCredentials, Way

__all__ = ["Caller", "InvalidCredentials", "Way"]
