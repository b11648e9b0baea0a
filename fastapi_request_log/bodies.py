# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Makes a text of the start of a body, without secrets."""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from email import message_from_bytes
from email.policy import HTTP
from json import detect_encoding
from typing import TYPE_CHECKING, Any

from .yaml_secrets import clean_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .secret_names import Secrets

__all__ = ["describe_body", "storable"]

_TEXT_TYPES = re.compile(
    r"text/.*|application/(?:.*\+)?(?:json|xml|javascript|x-ndjson|graphql)"
    r"|application/(?:jsonl|yaml|x-yaml|sql)|.*\+(?:json|xml)"
)
_FORM = "application/x-www-form-urlencoded"
_EVENTS = "text/event-stream"
#: A line of an event, which may be JSON.
_DATA = re.compile(r"(?<=^data:).*", re.MULTILINE)
#: The first line of a form with parts, whatever the header says, and its boundary.
_BOUNDARY = re.compile(rb"--([^\r\n]+)\r?\nContent-", re.IGNORECASE)


def storable(text: str) -> str:
    """Return a text that PostgreSQL can store: NUL and surrogates are escaped."""
    if "\0" in text:
        text = text.replace("\0", "\\x00")
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode()


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
    of_size = f"{max(size, len(data))} B"
    if encoding and encoding.lower() != "identity":
        return f"[{media_type or 'unknown type'}, {encoding}, {of_size}]"
    boundary = _BOUNDARY.match(data)
    if boundary is not None:
        # the header may have none or another one: the client's mistake
        content_type = 'multipart/form-data; boundary="%s"' % boundary[1].decode(
            "latin-1"
        )
    if boundary is not None or media_type.startswith("multipart/"):
        try:
            text = "\n".join(_describe_parts(data, content_type, secrets))
        except Exception:  # the parser fails at some headers, with various errors
            return f"[{media_type or 'unknown type'}, {of_size}]"
    else:
        # JSON may also be UTF-16 or UTF-32
        charset = detect_encoding(data) if "json" in media_type else "utf-8"
        decoder = getincrementaldecoder(charset)()
        try:
            text = decoder.decode(data, final=not cut)
            binary = not media_type and "\0" in text
        except UnicodeDecodeError:
            text = data.decode("utf-8", "backslashreplace")
            binary = not media_type
        if binary or (media_type not in ("", _FORM) and not _is_text(media_type)):
            return f"[{media_type or 'unknown type'}, {of_size}]"
        if media_type == _FORM:
            text = secrets.clean_query(text)
        elif media_type == _EVENTS:
            text = _DATA.sub(lambda match: secrets.clean_content(match[0]), text)
            text = secrets.clean_text(text)
        else:
            if "yaml" in media_type:
                text = clean_yaml(text, secrets)
            text = secrets.clean_content(text)
    if cut:
        text = f"{text}… [{len(data)} of {size} B]"
    return text


def _is_text(media_type: str) -> bool:
    return _TEXT_TYPES.fullmatch(media_type) is not None


def _describe_parts(data: bytes, content_type: str, secrets: Secrets) -> Iterator[str]:
    """Yield a line for each field of a form; of files only name and type."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    message = message_from_bytes(head + data, policy=HTTP)
    if not message.is_multipart():
        raise ValueError("There is no boundary.")
    for part in message.walk():
        if part.is_multipart():
            continue
        name = str(part.get_param("name", "", "content-disposition"))
        filename = part.get_filename()
        if filename is not None:
            yield f"{name}=[file {filename}, {part.get_content_type()}]"
            continue
        content: Any = part.get_payload(decode=True)
        value = content.decode("utf-8", "backslashreplace").rstrip("\r\n")
        yield f"{name}={secrets.clean_value(name, value)}"
