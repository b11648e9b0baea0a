# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Makes a text of the start of a body, without secrets.

The rest of the body is not there, so JSON is read token by token: a parser would refuse
what has been cut off.
"""

from __future__ import annotations

import json
import re
from codecs import getincrementaldecoder
from email import message_from_bytes
from email.policy import HTTP
from typing import TYPE_CHECKING

from .secret_names import REMOVED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .secret_names import Secrets

__all__ = ["describe_body", "storable"]

_TEXT_TYPES = re.compile(
    r"text/.*|application/(?:.*\+)?(?:json|xml|javascript|x-ndjson|graphql)"
    r"|application/(?:jsonl|yaml|x-yaml|sql)|.*\+(?:json|xml)"
)
_FORM = "application/x-www-form-urlencoded"
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?$)|[{}\[\],:]|[^\s{}\[\],:"]+|\s+', re.S)


def storable(text: str) -> str:
    """Return a text that PostgreSQL can store: NUL and surrogates are escaped."""
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()


def describe_body(
    data: bytes, size: int, content_type: str, encoding: str, secrets: Secrets
) -> str | None:
    """Return what the log stores of a body, None for an empty one.

    :param data: the start of the body
    :param size: size of the whole body, in bytes; 0 if unknown
    :param content_type: header ``Content-Type``
    :param encoding: header ``Content-Encoding``
    """
    if not data:
        return None
    cut = size > len(data)
    media_type = content_type.partition(";")[0].strip().lower()
    if encoding and encoding.lower() != "identity":
        return f"[{media_type or 'unknown type'}, {encoding}, {max(size, len(data))} B]"
    if media_type.startswith("multipart/"):
        text = "\n".join(_describe_parts(data, content_type, secrets))
    else:
        decoder = getincrementaldecoder("utf-8")()
        try:
            text = decoder.decode(data, final=not cut)
            binary = not media_type and "\0" in text
        except UnicodeDecodeError:
            text = data.decode("utf-8", "backslashreplace")
            binary = not media_type
        if binary or (media_type not in ("", _FORM) and not _is_text(media_type)):
            return f"[{media_type or 'unknown type'}, {max(size, len(data))} B]"
        if text.lstrip()[:1] in ("{", "["):
            text = "".join(_JsonCleaner(secrets).clean(text))
        elif media_type == _FORM:
            text = secrets.clean_query(text)
        else:
            text = secrets.clean_text(text)
    if cut:
        text = f"{text}… [{len(data)} of {size} B]"
    return text


def _is_text(media_type: str) -> bool:
    return _TEXT_TYPES.fullmatch(media_type) is not None


def _describe_parts(data: bytes, content_type: str, secrets: Secrets) -> Iterator[str]:
    """Yield a line for each field of a form; of files only name and type."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    for part in message_from_bytes(head + data, policy=HTTP).walk():
        if part.is_multipart():
            continue
        name = str(part.get_param("name", "", "content-disposition"))
        filename = part.get_filename()
        if filename is not None:
            yield f"{name}=[file {filename}, {part.get_content_type()}]"
            continue
        content = part.get_payload(decode=True)
        value = content.decode("utf-8", "backslashreplace").rstrip("\r\n")
        yield f"{name}={secrets.clean_value(name, value)}"


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
        elif level.own_key == "loc" and self._secrets.is_secret(text):
            self._levels[-2].is_secret_error = True
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
    try:
        return str(json.loads(token, strict=False))
    except ValueError:  # it is cut off
        return token.strip('"')
