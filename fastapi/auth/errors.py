# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a way to authenticate raises."""

__all__ = ["InvalidCredentials"]


class InvalidCredentials(Exception):
    """The client sent a credential that is not valid: the response is a 401.

    :param detail: sentence for the client, which must not tell whether a login exists
    :param error: error code of RFC 6750 for the ``WWW-Authenticate`` header of Bearer;
        None stands for ``invalid_token``
    """

    def __init__(self, detail: str, error: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.error = error
