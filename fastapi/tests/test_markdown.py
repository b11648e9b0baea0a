# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import BaseCase

from ..markdown import escape_html, render


class TestMarkdown(BaseCase):
    def test_tags_are_text(self):
        for text, escaped in (
            ('x <img src=x onerror="alert(1)">', 'x &lt;img src=x onerror="alert(1)">'),
            ("<script>\nalert(1)\n</script>", "&lt;script>\nalert(1)\n&lt;/script>"),
            ("<iframe srcdoc='<b>'>", "&lt;iframe srcdoc='&lt;b>'>"),
            ("<!-- a --> <?php ?> <![CDATA[", "&lt;!-- a --> &lt;?php ?> &lt;![CDATA["),
            ("<SVG/onload=x", "&lt;SVG/onload=x"),
            ("<svg/onload=a=b//@c.d>", "&lt;svg/onload=a=b//@c.d>"),
            ("# A <b>\n\n- <i>\n> <u>", "# A &lt;b>\n\n- &lt;i>\n> &lt;u>"),
            ("|a|\n|-|\n|<b>|`<c>`|\n", "|a|\n|-|\n|&lt;b>|`<c>`|\n"),
            ("[a]: <b>\n\n[x][a] <y>", "[a]: &lt;b>\n\n[x][a] &lt;y>"),
            ("[x](<javascript:alert(1)>)", "[x](&lt;javascript:alert(1)>)"),
            ("<javascript:alert(1)>", "&lt;javascript:alert(1)>"),
            ("<data:text/html,x>", "&lt;data:text/html,x>"),
            ("\\\\<b>", "\\\\&lt;b>"),
            ("```\n```\n<b>", "```\n```\n&lt;b>"),
            ("``` <b>\n<c>\n```", "``` &lt;b>\n<c>\n```"),
            ("`<b> ``<c>", "`&lt;b> ``&lt;c>"),
            ("`a\n\n<b>`", "`a\n\n&lt;b>`"),
            ("a\r\n<b>\r```\r<c>", "a\n&lt;b>\n```\n<c>"),
        ):
            with self.subTest(text):
                self.assertEqual(escape_html(text), escaped)
                # in what the form shows nothing has changed
                self.assertEqual(escape_html(escaped), escaped)

    def test_what_is_no_tag_stays(self):
        for text in (
            "",
            "1 < 2 and a <- b, <3",
            "&lt;b&gt;",
            "\\<b>",
            "<https://odoo.com/?a=1&b=2> <mailto:a@b.example> <a.b+c@d.example>",
            "`<b>` and ``<b> ` <c>`` and `a\n<b>`",
            "text\n\n    <b>\n\n    <c>\n",
            "```xml\n<b>\n\n</b>\n```\n",
            "- ~~~\n  <b>\n  ~~~\n",
            "> ```\n> <b>\n> ```\n",
            "*a* **b** [c](https://d.example) ![e](f.png)\n",
        ):
            with self.subTest(text):
                self.assertEqual(escape_html(text), text)

    def test_rendered(self):
        for text in (
            "<b>x</b> `<c>`\n\n<div>\n\n```\n<d>\n```\n",
            "<https://odoo.com> 1 < 2 \\<e>",
            "|a|\n|-|\n|<b>|\n",
        ):
            with self.subTest(text):
                html = render(text)
                self.assertNotRegex(html, "<[bcde]>|<div>")
                self.assertEqual(render(escape_html(text)), html)
