# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Replaces values that must not be stored, by the names of their fields.

A name is compared without its case and signs: ``apiKey``, ``API-Key`` and ``api_key``
are one. Rather too many values are replaced than too few.
"""

from __future__ import annotations

import re
from base64 import b64decode
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["REMOVED", "SecretNames", "Secrets"]

#: What is stored instead of a secret value.
REMOVED = "***"
#: Shorter values are not searched for in other texts, which they could be part of.
MIN_LENGTH = 4
#: Likewise of a cookie, which may have a language or a flag.
MIN_COOKIE = 12
#: Values of JSON that are no secret.
_LITERALS = frozenset({"true", "false", "null", "None", "True", "False"})

_SIGNS = re.compile(r"[\W_]+")
_SECRET = re.compile(
    r"auth(?!or(?!i))|bearer|cookie|credential|csrf|cvc|cvv|jwt|key(?!word|board)|otp$"
    r"|pass(?:word|wort|wd|phrase|code)|pass$|^pin$|pwd|secret|sessionid|^sid$"
    r"|signature|token"
)
#: ``name=`` and the like in a text: also in JSON and XML, and in details of errors of
#: PostgreSQL: ``Key (token)=(abc) already exists``.
_NAME = re.compile(
    r"""(?<![/\w.-])(?P<name>[\w.-]{2,64})["'\])]*\s*(?P<sign>=>|[=:>])\s*"""
)
_VALUE = re.compile(
    r"""(?:(?:bearer|basic|digest)\s+)?"""
    r"""(?:"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|\([^)]*\)?|[^\s"'<>&,;(){}\[\]]+)""",
    re.IGNORECASE,
)
#: The content of an element of XML.
_CONTENT = re.compile("[^<]+")


class SecretNames:
    """Knows which names belong to secret values.

    :param names: further names, besides those that look like a secret
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = frozenset(map(_normalize, names))
        self.is_secret = lru_cache(1024)(self._is_secret)

    def _is_secret(self, name: str) -> bool:
        """Return whether values with this name must not be stored."""
        normalized = _normalize(name)
        return normalized in self._names or _SECRET.search(normalized) is not None


def _normalize(name: str) -> str:
    return _SIGNS.sub("", name).lower()


class Secrets:
    """Replaces the secret values of one call, and remembers them.

    They may come again in another text, such as that of an error.

    :param names: which names belong to secret values
    """

    def __init__(self, names: SecretNames) -> None:
        self.is_secret = names.is_secret
        self._values: set[str] = set()

    def add(self, value: str) -> None:
        """Remember a secret value."""
        for text in {value, unquote_plus(value)}:
            if len(text) >= MIN_LENGTH and text not in _LITERALS:
                self._values.add(text)

    def clean_value(self, name: str, value: str) -> str:
        """Return the value of a header or field, without secrets."""
        if not self.is_secret(name):
            return self.clean_text(value)
        if "cookie" in name.lower():
            for part in value.split(";"):
                text = part.partition("=")[2].strip()
                if len(text) >= MIN_COOKIE:
                    self.add(text)
        else:
            self.add(value)
            self._add_credential(value)
        return REMOVED

    def _add_credential(self, value: str) -> None:
        """Remember what follows a scheme: ``Bearer TOKEN``, or a password in Base64."""
        scheme, _space, credential = value.partition(" ")
        if credential:
            self.add(credential.strip())
        if scheme.lower() == "basic":
            with suppress(ValueError):
                self.add(b64decode(credential).decode().partition(":")[2])

    def clean_query(self, query: str) -> str:
        """Return a query string, or a form, without secrets."""
        return "&".join(map(self._clean_pair, query.split("&")))

    def _clean_pair(self, pair: str) -> str:
        name, sign, value = pair.partition("=")
        if sign and self.is_secret(unquote_plus(name)):
            self.add(value)
            return f"{name}={REMOVED}"
        return pair

    def clean_text(self, text: str) -> str:
        """Return a text without the values that follow a secret name."""
        parts, position = [], 0
        for match in _NAME.finditer(text):
            if match.start() < position or not self.is_secret(match["name"]):
                continue  # within a value, or another name
            pattern = _CONTENT if match["sign"] == ">" else _VALUE
            value = pattern.match(text, match.end())
            if value is not None:
                self.add(value[0].strip("\"'()"))
                parts += [text[position : match.end()], REMOVED]
                position = value.end()
        return "".join([*parts, text[position:]])

    def forget(self, text: str) -> str:
        """Return a text without the secret values that are known by now."""
        # the longest first, because they may contain others
        for value in sorted(self._values, key=len, reverse=True):
            text = text.replace(value, REMOVED)
        return text
