# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Texts of records that are Markdown: shown in the form and in the documentation.

Markdown may contain HTML, and ReDoc and Swagger UI obey what HTML there is in an
OpenAPI document. A developer's own is welcome. A text that somebody types into a record
is Markdown without HTML: tags are shown as they are written.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

__all__ = ["escape_html", "render"]

#: CommonMark with tables and strikethrough; HTML in it is shown, not obeyed.
_markdown = MarkdownIt("js-default")
_markdown.renderer.rules["table_open"] = lambda *_args: (
    '<table class="table table-sm w-auto">\n'
)

#: What has a meaning of its own in a line, and ``<`` where a tag may begin.
_INLINE = re.compile(
    r"\\[!-/:-@\[-`{-~]"  # an escaped character
    r"|(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`)"  # code
    r"|`+"
    r"|<(?:https?|ftp|mailto|tel):[^\s<>]*>"  # links, and addresses of mail
    r"|<[\w.+-]+@[\w.-]+>"
    r"|(?P<tag><)(?=[a-z/!?])",
    re.DOTALL | re.IGNORECASE,
)


def render(text: str) -> str:
    """Return Markdown as HTML that contains no HTML of the text.

    :param text: of a record
    """
    return _markdown.render(text)


def escape_html(text: str) -> str:
    """Return Markdown whose HTML is text in any renderer.

    Tags become ``&lt;…``; code, where this would be visible, and links in angle
    brackets stay as they are. For texts of records that reach an OpenAPI document.

    >>> escape_html("**Bold** <b>tag</b>, `<b>` and <https://odoo.com>")
    '**Bold** &lt;b>tag&lt;/b>, `<b>` and <https://odoo.com>'

    :param text: of a record
    """
    if "<" not in text:
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # as the parser counts lines
    lines = text.split("\n")
    # number of a line -> where the block ends that can have code over several lines
    ends: dict[int, int] = {}
    code: set[int] = set()
    for token in _markdown.parse(text):
        if token.map is None:
            continue
        start, end = token.map
        if token.type == "inline":
            ends[start] = max(end, ends.get(start, 0))
        elif token.type == "code_block":
            code.update(range(start, end))
        elif token.type == "fence":
            code.update(range(start + 1, end))
    result = []
    number = 0
    while number < len(lines):
        end = max(ends.get(number, 0), number + 1)
        part = "\n".join(lines[number:end])
        result.append(part if number in code else _INLINE.sub(_escape, part))
        number = end
    return "\n".join(result)


def _escape(match: re.Match[str]) -> str:
    return "&lt;" if match["tag"] else match[0]
