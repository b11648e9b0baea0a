# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Responses of routes as results of tools, resources and prompts.

A list that is too long is cut between two items, if it then still matches the output
schema of the tool.
"""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

from jsonschema import Draft202012Validator
from mcp_types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    GetPromptResult,
    ImageContent,
    PromptMessage,
    ReadResourceResult,
    TextContent,
    TextResourceContents,
)
from pydantic import ValidationError

from odoo.addons.fastapi.bridge import InnerRequest

from ..tools import Prompt, PromptMessages, Resource, Tool
from .texts import (
    cut_text,
    describe_empty,
    describe_error,
    get_charset,
    get_media_type,
    hint_at_less,
    is_text,
)

__all__ = ["make_error", "make_prompt", "make_resource", "make_result"]

#: How much larger than the longest result a response may be to be cut between two items
#: of a list. Parsing takes about ten times the memory of the response.
_MAX_PARSED = 50


def make_error(text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=text)], is_error=True)


def make_result(tool: Tool, inner: InnerRequest, max_size: int) -> CallToolResult:
    """Return the result of a tool.

    :param inner: with the response of the tool's route
    :param max_size: bytes of the longest text
    """
    if inner.status >= 400:
        return make_error(describe_error(inner, tool))
    if not inner.complete:  # a stream that has failed
        return make_error(
            "The stream has ended with an error, after this:\n\n"
            + _decode_start(inner, max_size)
        )
    media_type = get_media_type(inner)
    content = inner.content
    if content and not is_text(media_type):
        return _make_result(tool, [_make_binary(tool, inner, max_size)], None)
    data: Any = None
    is_parsed = tool.output_schema is not None or _is_json(media_type)
    if is_parsed and inner.size <= max_size * _MAX_PARSED:
        try:
            data = json.loads(content)
        except (ValueError, RecursionError):  # a stream of JSON, for example
            data = None
    if inner.size > max_size:
        return _make_cut(tool, inner, data, max_size)
    blocks: list[ContentBlock] = [TextContent(text=_decode(inner))]
    if not content:
        blocks = [TextContent(text=describe_empty(inner))]
    is_json = data is not None or content.strip() == b"null"
    structured = _structure(tool, data) if is_json else None
    return _make_result(tool, blocks, structured)


def _make_result(
    tool: Tool, blocks: list[ContentBlock], structured: Any
) -> CallToolResult:
    """Return the result of a call that has succeeded.

    If the tool has an output schema, clients refuse a result without structured
    content, unless it is an error. So such a result has ``isError``.
    """
    is_error = structured is None and tool.output_schema is not None
    if is_error:
        note = "This result does not match the output schema of the tool."
        blocks = [*blocks, TextContent(text=_say_it_is_done(tool, note))]
    return CallToolResult(
        content=blocks, structured_content=structured, is_error=is_error
    )


def _say_it_is_done(tool: Tool, note: str) -> str:
    """Keep an agent from repeating a call because its result is an error."""
    if tool.read_only:
        return note
    return f"{note} The call has succeeded: don't repeat it."


def _structure(tool: Tool, data: Any) -> Any:
    if tool.output_schema is None:
        return None
    if tool.wraps_output:
        return {"result": data}
    # a handler may return a response of its own, which is not validated
    return data if isinstance(data, dict) else None


def _make_cut(
    tool: Tool, inner: InnerRequest, data: Any, max_size: int
) -> CallToolResult:
    """Return the start of a result that is too long, and say how to get less."""
    shortened = _shorten(data, max_size)
    if shortened is not None and _matches(tool, shortened[0]):
        data, kept, total, name = shortened
        of = f" of {name}" if name else ""
        note = f"These are the first {kept} of {total} items{of}."
        text = _dump(data)
        structured = _structure(tool, data)
    else:
        note = "This is only the start of the result."
        text, structured = _decode_start(inner, max_size), None
    note = (
        f"{note} The whole result has {inner.size} bytes, and at most {max_size} are "
        f"shown. {hint_at_less(tool)}"
    )
    is_error = structured is None and tool.output_schema is not None  # _make_result
    if is_error:
        note = _say_it_is_done(tool, note)
    return CallToolResult(
        content=[TextContent(text=text), TextContent(text=note)],
        structured_content=structured,
        is_error=is_error,
    )


def _matches(tool: Tool, data: Any) -> bool:
    """Return whether a shortened result matches the output schema of the tool.

    It may be a tuple, or a list with a least number of items. Clients check that.
    """
    structured = _structure(tool, data)
    if structured is None or tool.output_schema is None:
        return True
    try:
        return Draft202012Validator(tool.output_schema).is_valid(structured)
    except Exception:  # a pattern that Python, and clients in Python, do not know
        return False


def _shorten(data: Any, max_size: int) -> tuple[Any, int, int, str] | None:
    """Cut the longest list of a result.

    :return: the result, the number of items that are left, the number of all items, and
        the name of the list; None if the result would still be too long
    """
    name, items = "", data
    if isinstance(data, dict):
        lists = {key: value for key, value in data.items() if isinstance(value, list)}
        name = max(lists, key=lambda key: len(_dump(lists[key])), default="")
        items = lists.get(name)
    if not isinstance(items, list) or not items:
        return None
    empty: Any = {**data, name: []} if isinstance(data, dict) else []
    left = max_size - len(_dump(empty).encode())
    kept = 0
    for item in items:
        left -= len(_dump(item).encode()) + 1
        if left < 0:
            break
        kept += 1
    if not kept or kept == len(items):
        return None
    result = {**data, name: items[:kept]} if isinstance(data, dict) else items[:kept]
    return result, kept, len(items), name


def _make_binary(tool: Tool, inner: InnerRequest, max_size: int) -> ContentBlock:
    """Return a file as content in base64."""
    media_type = get_media_type(inner) or "application/octet-stream"
    if inner.size > max_size:
        text = f"{_describe_file(inner, max_size)} {hint_at_less(tool)}"
        return TextContent(text=text)
    data = b64encode(inner.content).decode()
    if media_type.startswith("image/"):
        return ImageContent(data=data, mime_type=media_type)
    if media_type.startswith("audio/"):
        return AudioContent(data=data, mime_type=media_type)
    uri = f"odoo://{inner.scope['path'].lstrip('/')}"
    resource = BlobResourceContents(uri=uri, mime_type=media_type, blob=data)
    return EmbeddedResource(resource=resource)


def _describe_file(inner: InnerRequest, max_size: int) -> str:
    """Return a text for a file that is too long."""
    media_type = get_media_type(inner) or "application/octet-stream"
    return (
        f"The result is a file of type {media_type} with {inner.size} bytes, and at "
        f"most {max_size} can be sent."
    )


def make_resource(
    resource: Resource, uri: str, inner: InnerRequest, max_size: int
) -> ReadResourceResult:
    """Return the contents of a resource.

    :param inner: with the response of the resource's route, not an error
    :param max_size: bytes of the longest text
    """
    media_type = resource.mime_type or get_media_type(inner) or None
    if inner.content and not is_text(get_media_type(inner)):
        if inner.size > max_size:
            text = _describe_file(inner, max_size)
            note = TextResourceContents(uri=uri, mime_type="text/plain", text=text)
            return ReadResourceResult(contents=[note])
        blob = b64encode(inner.content).decode()
        return ReadResourceResult(
            contents=[BlobResourceContents(uri=uri, mime_type=media_type, blob=blob)]
        )
    text = _decode(inner)
    if inner.size > max_size:
        text = (
            f"{_decode_start(inner, max_size)}\n\n[This is only the start: the whole "
            f"text has {inner.size} bytes, and at most {max_size} are shown.]"
        )
    contents = TextResourceContents(uri=uri, mime_type=media_type, text=text)
    return ReadResourceResult(contents=[contents])


def make_prompt(prompt: Prompt, inner: InnerRequest) -> GetPromptResult:
    """Return the messages of a prompt: those of the route, or its text as one.

    :param inner: with the response of the prompt's route, not an error
    """
    text = _decode(inner)
    if _is_json(get_media_type(inner)):
        try:
            found = PromptMessages.model_validate_json(inner.content)
        except ValidationError:
            try:
                data = json.loads(inner.content)
            except (ValueError, RecursionError):
                data = None
            text = data if isinstance(data, str) else text
        else:
            messages = [
                PromptMessage(role=item.role, content=TextContent(text=item.text))
                for item in found.messages
            ]
            return GetPromptResult(description=found.description, messages=messages)
    message = PromptMessage(role="user", content=TextContent(text=text))
    return GetPromptResult(description=prompt.title, messages=[message])


def _decode(inner: InnerRequest) -> str:
    return inner.content.decode(get_charset(inner), errors="replace")


def _decode_start(inner: InnerRequest, size: int) -> str:
    """Return the start of a text, which has at most some bytes in UTF-8."""
    start = inner.content[: 4 * size]  # no encoding needs more bytes for a character
    return cut_text(start.decode(get_charset(inner), errors="replace"), size)


def _is_json(media_type: str) -> bool:
    return media_type == "application/json" or media_type.endswith("+json")


def _dump(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
