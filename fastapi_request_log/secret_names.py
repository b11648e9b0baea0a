# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Replaces values that must not be stored, by the names of their fields.

A name is compared without its case and signs: ``apiKey``, ``API-Key`` and ``api_key``
are one. Rather too many values are replaced than too few.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from contextlib import suppress
from functools import lru_cache
from itertools import compress
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, unquote_plus

from .json_secrets import REMOVED, clean_json
from .text_search import TextSearch

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["REMOVED", "SecretNames", "Secrets"]

#: Shorter values are not searched for in other texts, which they could be part of.
MIN_LENGTH = 4
#: Likewise of a cookie, which may have a language or a flag.
MIN_COOKIE = 12
#: Most characters of a text that is kept, to clean it once.
MAX_CACHED = 300
#: Above this number of values, a ``TextSearch`` is faster than a search for each.
MANY = 100
#: Values of JSON that are no secret.
_LITERALS = frozenset({"true", "false", "null", "None", "True", "False"})

_SIGNS = re.compile(r"[\W_]+")
_SECRET = re.compile(
    r"auth(?!or(?!i))|bearer|cookie|credential|csrf|cvc|cvv|jwt|otp(?:code)?$"
    # not an Idempotency-Key: it tells which calls belong together
    r"|(?<!idempotency)key(?!word|board)"
    r"|pass(?:word|wort|wd|phrase|code)|pass$|^pin$|pwd|secret|sessionid|sessid|^sid$"
    r"|assertion|saml|^sig$|signature|token|verifier|websocketprotocol"
)
#: Separate the parts of a name: ``user[pin]`` and ``user.pin``.
_DOTS = re.compile(r"[\[\].]+")
#: Details of an error of PostgreSQL: ``Key (token, lower(email::text))=(abc, d) already
#: exists``.
_DETAIL = re.compile(
    r"\((?P<names>(?:[^()=]|\([^()=]*\))+)\)=\((?P<values>.*?)(?:\)(?=[\s.]|$)|$)",
    re.MULTILINE,
)
_WORD = re.compile(r"[\w.-]+")
#: ``name=`` and the like in a text: also in JSON, in JSON as a text, and in XML.
_NAME = re.compile(
    r"""(?<![/\w.-])(?P<name>[\w.-]{2,})[\\"'\])]*\s*(?P<sign>=>|[=:])\s*"""
)
#: A value may be in brackets, or that of a class: ``password=SecretStr('abc')``.
_VALUE = re.compile(
    r"""(?:(?:bearer|basic|digest|token)\s+)?"""
    r"""(?:[rbuf]{0,2}"(?:[^"\\]|\\.)*"?|[rbuf]{0,2}'(?:[^'\\]|\\.)*'?"""
    r"""|(?P<quote>\\+["'])(?:(?!(?P=quote)).)*(?:(?P=quote))?"""
    r"""|\w*\([^)]*\)?|\[[^\]]*\]?|\{[^}]*\}?|[^\s"'<>&,;(){}\[\]]+)""",
    re.IGNORECASE,
)
#: A value in the query of an address, where it may have any sign but these.
_PARAMETER = re.compile(
    rf"""(?:{_VALUE.pattern})[^\s"'<>&#]*|[^\s"'<>&#]+""", re.IGNORECASE
)
#: A value without spaces, quotes and brackets.
_PLAIN = re.compile(r"""[^\s"'<>&,;(){}\[\]]+""")
#: What is around a value.
_AROUND = re.compile(
    r"""^(?:\w*\()?[rbuf]{0,2}[\\"'(\[{]+|[\\"')\]}]+$""", re.IGNORECASE
)
#: The beginning of an element of XML.
_ELEMENT = re.compile(r"<(?:[\w.-]+:)?(?P<name>[\w.-]+)(?:\s[^<>]*)?(?<!/)>")
_CDATA = re.compile(r"<!\[CDATA\[|\]\]>")
#: Credentials without a name: in a URL, a bearer token, a JSON Web Token. A JSON Web
#: Token may begin anywhere in a word; the lookahead reads each word once.
_CREDENTIAL = re.compile(
    r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"
    r"|(?<=\b[Bb]earer )(?=\S*\d)[\w.~+/=-]{8,}"
    r"|(?<![\w-])(?=[\w-]+\.[\w-]+\.)[\w-]*?(?P<jwt>\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*)"
)
#: A text without any of these has no credentials, and no name with a value.
_SIGN = re.compile(r"[=:<]|earer |eyJ|%3", re.IGNORECASE)
#: The start of JSON or XML. The name of a field may be in brackets: ``[token]=abc``.
_DOCUMENT = re.compile(r"[\ufeff\s]*(?:<|[{\[](?![{\[\s+]*(?:%|\w*[}\]])))")
#: A word with an ``=`` that is encoded for an address.
_ENCODED = re.compile(r"""(?<![^\s"'<>])[^\s"'<>]*?%3D[^\s"'<>]*""", re.IGNORECASE)
#: Signs that stay as they are in such a word.
_SAFE = "/:?&=*#%+,;@!$()[]{}~"


class SecretNames:
    """Knows which names belong to secret values.

    :param names: further names, besides those that look like a secret
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = frozenset(map(_normalize, names))
        self.is_secret = lru_cache(1024)(self._is_secret)
        # most headers have the same value in many calls
        self.clean = lru_cache(1024)(self._clean)

    def _is_secret(self, name: str) -> bool:
        """Return whether values with this name must not be stored."""
        return any(map(self._is_known, map(_normalize, {name, *_DOTS.split(name)})))

    def _clean(self, text: str) -> tuple[str, set[str]]:
        """Return a text without secrets, and the secret values in it."""
        secrets = Secrets(self)
        return secrets.clean_long(text), secrets.values

    def _is_known(self, name: str) -> bool:
        return name in self._names or _SECRET.search(name) is not None


def _normalize(name: str) -> str:
    return _SIGNS.sub("", name).lower()


@lru_cache(1024)
def _spell(value: str) -> list[str]:
    """Return a secret value as it may come back: also in an address, or in JSON."""
    plain = unquote_plus(value)
    in_json = json.dumps(plain, ensure_ascii=False)[1:-1]
    return [
        text
        for text in {value, plain, quote(plain), in_json}
        if len(text) >= MIN_LENGTH and text not in _LITERALS
    ]


class Secrets:
    """Replaces the secret values of one call, and remembers them.

    They may come again in another text, such as that of an error.

    :param names: which names belong to secret values
    """

    def __init__(self, names: SecretNames) -> None:
        self._names = names
        self.is_secret = names.is_secret
        self.values: set[str] = set()
        #: The number of values, and the ``TextSearch`` for them, if they are many.
        self._search: tuple[int, TextSearch] | None = None

    def add(self, value: str) -> None:
        """Remember a secret value."""
        spell = _spell if len(value) <= MAX_CACHED else _spell.__wrapped__
        self.values.update(spell(value))

    def clean_value(self, name: str, value: str) -> str:
        """Return the value of a header or field, without secrets."""
        if not self.is_secret(name):
            return self.clean_content(value)
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
        """Return a query string, or a form, without secrets.

        It may also be JSON or XML: curl sends any body with the type of a form, unless
        it is told the right one.
        """
        if _DOCUMENT.match(query):
            return self.clean_content(query)
        if _DOCUMENT.match(unquote_plus(query)):
            return self._clean_quoted(query)
        return "&".join(map(self._clean_pair, query.split("&")))

    def _clean_pair(self, pair: str) -> str:
        name, sign, value = pair.partition("=")
        cleaned = self._clean_quoted(name)
        if not sign:
            return cleaned
        if self.is_secret(unquote_plus(name)):
            self.add(value)
            return f"{cleaned}={REMOVED}"
        return f"{cleaned}={self._clean_quoted(value)}"

    def _clean_quoted(self, text: str) -> str:
        """Return a part of a query string, or a whole one, without secrets."""
        plain = unquote_plus(text)
        cleaned = self.clean_content(plain)
        return text if cleaned == plain else quote(cleaned, "/:?*")

    def clean_content(self, text: str) -> str:
        """Return JSON, XML or another text without secrets."""
        if text.isalnum() or not _SIGN.search(text):
            return text
        if len(text) > MAX_CACHED:
            return self.clean_long(text)
        cleaned, values = self._names.clean(text)
        self.values |= values
        return cleaned

    def clean_long(self, text: str) -> str:
        """Return what ``clean_content`` does, without a cache."""
        if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
            text = clean_json(text, self)  # or what looks like it
        return self.clean_text(text)

    def clean_text(self, text: str) -> str:
        """Return a text without credentials, and what follows a secret name."""
        if not _SIGN.search(text):
            return text
        text = _CREDENTIAL.sub(self._replace_credential, text)
        if "<" in text:
            text = self._clean_elements(text)
        if ")=(" in text:
            text = _DETAIL.sub(self._clean_detail, text)
        text = self._clean_named(text)
        return _ENCODED.sub(self._clean_encoded, text) if "%3" in text else text

    def _replace_credential(self, match: re.Match[str]) -> str:
        token = match["jwt"]
        if token is None:
            self.add(match[0].partition(":")[2] or match[0])
            return REMOVED
        self.add(token)
        return match[0].removesuffix(token) + REMOVED

    def _clean_detail(self, match: re.Match[str]) -> str:
        """Return a detail without all of its values if one of its names is secret."""
        names, values = match["names"].split(", "), match["values"].split(", ")
        secret = [any(map(self.is_secret, _WORD.findall(name))) for name in names]
        if not any(secret):
            return match[0]
        if len(values) != len(names):  # there are commas in values or in expressions
            secret = [True] * len(values)
        for value in compress(values, secret):
            self.add(value)
        return f"({match['names']})={REMOVED}"

    def _clean_elements(self, text: str) -> str:
        """Return XML without the contents of secret elements."""
        parts, position = [], 0
        for match in _ELEMENT.finditer(text):
            if match.start() < position or not self.is_secret(match["name"]):
                continue
            close = re.compile(rf"</(?:[\w.-]+:)?{re.escape(match['name'])}\s*>")
            end = close.search(text, match.end())
            content = text[match.end() : end.start() if end else len(text)]
            for value in _CDATA.sub("", content).split("<"):
                self.add(value.rpartition(">")[2])
            parts += [text[position : match.end()], REMOVED]
            position = match.end() + len(content)
        return "".join([*parts, text[position:]])

    def _clean_named(self, text: str) -> str:
        parts, position, removed = [], 0, 0
        for match in _NAME.finditer(text):
            if match.start() < position or not self.is_secret(match["name"]):
                continue  # within a value, or another name
            if match.end() <= removed:
                continue  # its value would contain ``REMOVED``, too
            in_query = text.endswith(("?", "&"), 0, match.start())
            value = (_PARAMETER if in_query else _VALUE).match(text, match.end())
            if value is not None and REMOVED in value[0]:
                if _PLAIN.fullmatch(value[0]):
                    removed = value.start() + value[0].rindex(REMOVED)
            elif value is not None:
                plain = _AROUND.sub("", value[0])
                self.add(plain)
                self._add_credential(plain)
                parts += [text[position : match.end()], REMOVED]
                position = value.end()
        return "".join([*parts, text[position:]])

    def _clean_encoded(self, match: re.Match[str]) -> str:
        plain = unquote(match[0])
        cleaned = self.clean_text(plain)
        return match[0] if cleaned == plain else quote(cleaned, _SAFE)

    def forget(self, text: str) -> str:
        """Return a text without the secret values that are known by now."""
        values = self.values
        if len(values) > MANY:
            if self._search is None or self._search[0] != len(values):
                self._search = len(values), TextSearch(values)
            return self._search[1].replace(text, REMOVED)
        if any(map(text.__contains__, values)):
            # the longest first, because they may contain others
            for value in sorted(values, key=len, reverse=True):
                text = text.replace(value, REMOVED)
        return text
