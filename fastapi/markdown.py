# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Escapes HTML in the Markdown of records, for the form and the documentation.

Markdown may contain HTML, which Swagger UI and ReDoc render. Developers may use that in
their code, but the texts of records must not.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

__all__ = ["escape_html", "render"]

#: CommonMark with tables and strikethrough, without HTML.
_markdown = MarkdownIt("js-default")
_markdown.add_render_rule(
    "table_open", lambda *_args: '<table class="table table-sm w-auto">\n'
)

#: Inline Markdown that may contain ``<``, and ``<`` where a tag may begin.
_INLINE = re.compile(
    r"\\[!-/:-@\[-`{-~]"  # an escaped character
    r"|(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`)"  # code
    r"|`+"
    r"|<(?:https?|ftp|mailto|tel):[^\s<>]*>"  # links and mail addresses
    r"|<[\w.+-]+@[\w.-]+>"
    r"|(?P<tag><)(?=[a-z/!?])",
    re.DOTALL | re.IGNORECASE,
)


def render(text: str) -> str:
    """Convert Markdown of a record to HTML. HTML in it is escaped."""
    return str(_markdown.render(text))


def escape_html(text: str) -> str:
    """Escape HTML in Markdown of a record, for an OpenAPI document.

    Tags become ``&lt;…``. Links in angle brackets do not change. Neither does code,
    where ``&lt;`` would be visible.

    >>> escape_html("**Bold** <b>tag</b>, `<b>` and <https://odoo.com>")
    '**Bold** &lt;b>tag&lt;/b>, `<b>` and <https://odoo.com>'
    """
    if "<" not in text:
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # lines as in the parser
    lines = text.split("\n")
    # first line of a block -> its end; inline code may span several lines
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
