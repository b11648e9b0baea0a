# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Generate the addons' ``README.rst`` and ``static/description/index.html``.

A hook of pre-commit, with pandoc and docutils. The sources are the fragments in
``readme/`` and the manifest; the parts and their order are those of OCA's addons, whose
own generator is in no package.
"""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

import pypandoc
from docutils.core import publish_string

#: Fragments, and the titles of their parts.
PARTS = {
    "INSTALL": "Installation",
    "CONFIGURE": "Configuration",
    "USAGE": "Usage",
    "DEVELOP": "Development",
    "ROADMAP": "Known issues / Roadmap",
    "HISTORY": "Changelog",
}
#: A link or a picture of Markdown: text (brackets in pairs), target, anchor.
LINK = re.compile(r"\[((?:[^][]|\[[^][]*\])*)\]\(([^)\s#]*)((?:#[^)\s]*)?)\)")
TEMPLATES = Path(__file__).parent / "templates"
SETTINGS = {
    **dict.fromkeys(("stylesheet_path", "generator", "datestamp", "source_link")),
    "syntax_highlight": "none",
    "math_output": "LaTeX",
    "output_encoding": "unicode",
    "halt_level": 2,
    "xml_declaration": False,
}


def get_rst(folder: Path, *, for_page: bool = False) -> str:
    """Return the fragments of an addon as one document.

    :param for_page: links are for a page that a server of Odoo has: it knows those of
        the other addons, and none of the repository's documents
    """
    manifest = ast.literal_eval((folder / "__manifest__.py").read_text())
    website = manifest["website"]
    tree = f"{website}/tree/{manifest['version'][:4]}"

    def get_link(match: re.Match[str]) -> str:
        text, path, anchor = match.groups()
        if (part := PARTS.get(path.removesuffix(".md"))) is not None:
            # another fragment is in the same document
            title = re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-")
            return f"[{text}]({anchor or f'#{title}'})"
        if not path or "://" in path:
            return match[0]
        path = path.removeprefix("../")
        if for_page and not path.startswith("static/description/"):
            place = Path(os.path.normpath(folder / path.removesuffix("README.rst")))
            if not (place / "readme").is_dir():
                return f"{text} (`{place}`)"
            path = f"/{place.name}/static/description/index.html"
        elif for_page:
            path = path.removeprefix("static/description/")
        return f"[{text}]({path}{anchor})"

    def read(title: str) -> str:
        path = folder / "readme" / f"{title}.md"
        return LINK.sub(get_link, path.read_text()) if path.exists() else ""

    parts = {title: read(fragment) for fragment, title in PARTS.items()}
    parts["Bug Tracker"] = f"Bugs are tracked on [GitHub Issues]({website}/issues)."
    authors = "\n".join(f"- {name}" for name in manifest["author"].split(","))
    parts["Credits"] = f"## Authors\n\n{authors}"
    if contributors := read("CONTRIBUTORS"):
        parts["Credits"] += f"\n\n## Contributors\n\n{contributors}"
    sections = [f"# {title}\n\n{text}" for title, text in parts.items() if text]
    return (
        (TEMPLATES / "README.rst.txt")
        .read_text()[:-1]
        .format(
            **manifest,
            line="=" * len(manifest["name"]),
            license_page=f"{manifest['license'].lower()}.0-standalone.html",
            place=website.removeprefix("https://"),
            source=f"{tree}/{folder}",
            description=convert(read("DESCRIPTION")),
            parts=convert("\n\n".join(sections)),
        )
    )


def convert(text: str) -> str:
    """Return Markdown as reStructuredText."""
    return pypandoc.convert_text(text, "rst", "gfm", extra_args=["--columns=88"])


head = (TEMPLATES / "page_head.html").read_text()[:-1]
for fragments in [*Path().glob("*/readme"), *Path().glob("demo/*/readme")]:
    addon = fragments.parent
    (addon / "README.rst").write_text(get_rst(addon))
    rst = get_rst(addon, for_page=True)
    page = publish_string(rst, writer="html5", settings_overrides=SETTINGS)
    path = addon / "static" / "description" / "index.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page.replace("</head>", head, 1))
