# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Removes the secret values of JSON, of which the end may be missing.

A parser would refuse what has been cut off, so it is read token by token.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .secret_names import Secrets

__all__ = ["REMOVED", "clean_json"]

#: What is stored instead of a secret value.
REMOVED = "***"

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?$)|[{}\[\],:]|[^\s{}\[\],:"]+|\s+', re.S)
#: The escapes and quotes of a string, of which the end may be missing.
_ESCAPE = re.compile(r'(?:\\u[0-9a-fA-F]{4})+|\\.|["\\]', re.S)


def clean_json(text: str, secrets: Secrets) -> str:
    """Return JSON without secrets."""
    return "".join(_JsonCleaner(secrets).clean(text))


class _Level:
    """An object or array of JSON that is being read.

    :param own_key: the key that it is the value of
    :param hidden: whether it is the value of a secret, or in one
    """

    def __init__(self, is_object: bool, own_key: str | None, hidden: bool) -> None:
        self.is_object = is_object
        self.own_key = own_key
        self.hidden = hidden
        #: The key of the value that comes; None where a key is expected.
        self.key: str | None = None
        #: Whether ``loc`` of an error of validation names a secret, so that ``input``
        #: has it.
        self.is_secret_error = False


class _JsonCleaner:
    """Removes the secret values of JSON, of which the end may be missing."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._levels = [_Level(False, None, False)]

    def clean(self, text: str) -> Iterator[str]:
        """Yield the text, token by token."""
        for match in _TOKEN.finditer(text):
            token = match[0]
            if token in ("{", "["):
                yield self._begin(token)
            elif token in ("}", "]"):
                level = self._levels[-1]
                if len(self._levels) > 1:
                    self._levels.pop()
                yield "" if level.hidden else token
            elif token in (",", ":") or token.isspace():
                level = self._levels[-1]
                if token == "," and level.is_object:
                    level.key = None
                yield "" if level.hidden else token
            else:
                yield self._read(token)

    def _begin(self, token: str) -> str:
        outer = self._levels[-1]
        hidden = outer.hidden or self._is_secret_next()
        self._levels.append(_Level(token == "{", outer.key, hidden))
        if not hidden:
            return token
        return "" if outer.hidden else f'"{REMOVED}"'

    def _read(self, token: str) -> str:
        """Read a key, or a value that is no object or array."""
        level = self._levels[-1]
        text = _text_of(token)
        if level.is_object and level.key is None:
            level.key = text
        elif level.hidden or self._is_secret_next():
            self._secrets.add(text)
            return "" if level.hidden else f'"{REMOVED}"'
        else:
            if level.own_key == "loc" and self._secrets.is_secret(text):
                self._levels[-2].is_secret_error = True
            # JSON again, GraphQL, or an address with a token
            cleaned = self._secrets.clean_content(text)
            if cleaned != text:
                is_string = token.startswith('"')
                return json.dumps(cleaned, ensure_ascii=False) if is_string else cleaned
        return "" if level.hidden else token

    def _is_secret_next(self) -> bool:
        """Return whether the value that comes must not be stored."""
        level = self._levels[-1]
        if level.key is None:
            return False
        is_input = level.is_secret_error and level.key in ("input", "ctx")
        return is_input or self._secrets.is_secret(level.key)


def _text_of(token: str) -> str:
    """Return the text of a token: of a string without quotes and escapes."""
    if not token.startswith('"'):
        return token
    if "\\" not in token:
        return token.strip('"')
    try:
        return str(json.loads(token, strict=False))
    except ValueError:  # it is cut off, or not valid
        return _ESCAPE.sub(_unescape, token)


def _unescape(match: re.Match[str]) -> str:
    """Return what an escape stands for, and nothing for the quotes of a string."""
    try:
        return str(json.loads(f'"{match[0]}"', strict=False))
    except ValueError:
        return match[0][1:]
